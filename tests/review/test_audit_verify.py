"""Whatever is done to the log, the first entry that is not as it was written is named."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from human_review.audit.log import START, Entry, append
from human_review.audit.reading import verify_database
from human_review.audit.verify import Bad, Head, verify
from human_review.database import audit_triggers as triggers
from human_review.database.tables import audit, audit_head
from human_review.service import Service
from stream_app.contracts.review import AuditHead

LENGTH = 40
EVERY = 10  # entries between published heads


def chained(entries: list[Entry]) -> list[Entry]:
    """The entries with right numbers and hashes: what somebody makes who rebuilds the log."""
    made: list[Entry] = []
    for number, entry in enumerate(entries, 1):
        linked = replace(entry, seq=number, previous=made[-1].hash if made else START)
        made.append(replace(linked, hash=linked.hashed()))
    return made


def a_log(rng: random.Random) -> list[Entry]:
    def one() -> Entry:
        act, subject = rng.choice(["label", "undo", "sign-in"]), f"item-{rng.randrange(9)}"
        return Entry(0, rng.randrange(10**12), f"p-{rng.randrange(5)}", act, subject, f'{{"n":{rng.random()}}}', "")

    return chained([one() for _ in range(LENGTH)])


def head_of(entries: list[Entry]) -> Head:
    return Head(entries[-1].seq, entries[-1].hash)


def heads_of(entries: list[Entry]) -> list[AuditHead]:
    now = datetime.now(UTC)
    return [
        AuditHead(chain="review", seq=entry.seq, hash=entry.hash, entries=EVERY, published_at=now)
        for entry in entries
        if entry.seq % EVERY == 0
    ]


def edited(entry: Entry, rng: random.Random) -> Entry:
    change = rng.choice(["at_ms", "actor", "act", "subject", "facts"])
    new: Any = entry.at_ms + 1 if change == "at_ms" else f"{getattr(entry, change)} "
    return replace(entry, **{change: new})


Mutated = tuple[list[Entry], Head, int, int]  # the log, its head row, and between which numbers the first bad one is


def edit(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH)
    return [*log[:at], edited(log[at], rng), *log[at + 1 :]], head_of(log), at + 1, at + 1


def edit_a_hash(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH)
    other = f"{rng.randrange(16**64):064x}"
    wrong = replace(log[at], hash=other) if rng.random() < 0.5 else replace(log[at], previous=other)
    return [*log[:at], wrong, *log[at + 1 :]], head_of(log), at + 1, at + 1


def edit_with_a_new_hash(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH)
    wrong = edited(log[at], rng)
    if rng.random() < 0.3:
        wrong = replace(log[at], previous=f"{rng.randrange(16**64):064x}")
    return [*log[:at], replace(wrong, hash=wrong.hashed()), *log[at + 1 :]], head_of(log), at + 1, at + 1


def drop(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH)
    until = rng.randrange(at + 1, min(LENGTH, at + 5) + 1)
    return [*log[:at], *log[until:]], head_of(log), at + 1, at + 1


def drop_and_renumber(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH - 1)
    later = [replace(entry, seq=entry.seq - 1) for entry in log[at + 1 :]]
    return [*log[:at], *later], replace(head_of(log), seq=LENGTH - 1), at + 1, at + 1


def swap(log: list[Entry], rng: random.Random) -> Mutated:
    one, other = sorted(rng.sample(range(LENGTH), 2))
    found = list(log)
    found[one], found[other] = replace(log[other], seq=one + 1), replace(log[one], seq=other + 1)
    return found, head_of(log), one + 1, one + 1


def put_in(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH)
    new = replace(edited(log[at], rng), seq=at + 1, previous=log[at - 1].hash if at else START)
    later = [replace(entry, seq=entry.seq + 1) for entry in log[at:]]
    return [*log[:at], replace(new, hash=new.hashed()), *later], replace(head_of(log), seq=LENGTH + 1), at + 1, at + 1


def put_after_the_end(log: list[Entry], rng: random.Random) -> Mutated:
    new = replace(edited(log[-1], rng), seq=LENGTH + 1, previous=log[-1].hash)
    return [*log, replace(new, hash=new.hashed())], head_of(log), LENGTH + 1, LENGTH + 1


def cut(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH)
    return log[:at], head_of(log), at + 1, at + 1


def cut_with_its_head(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH)
    left = log[:at]
    return left, head_of(left) if left else Head(0, START), at + 1, at + 1


def rebuild(log: list[Entry], rng: random.Random) -> Mutated:
    at = rng.randrange(LENGTH)
    left = rng.choice([[*log[:at], edited(log[at], rng), *log[at + 1 :]], [*log[:at], *log[at + 1 :], log[at]]])
    found = chained(left)
    published = -(-(at + 1) // EVERY) * EVERY
    return found, head_of(found), published - EVERY + 1, published


MUTATIONS: tuple[Callable[[list[Entry], random.Random], Mutated], ...] = (
    edit, edit_a_hash, edit_with_a_new_hash, drop, drop_and_renumber, swap, put_in, put_after_the_end, cut,
    cut_with_its_head, rebuild,
)  # fmt: skip


def check_mutations(number: int) -> None:
    rng = random.Random(8)
    for turn in range(number):
        log = a_log(rng)
        mutate = MUTATIONS[turn % len(MUTATIONS)]
        found, head, since, until = mutate(log, rng)
        if found == log:
            continue  # the last entry moved to the end
        report = verify(found, head, heads_of(log))
        assert report.bad is not None, (mutate.__name__, turn)
        assert (report.bad.since, report.bad.seq) == (since, until), (mutate.__name__, turn, report)
        assert report.verified == since - 1


def test_every_change_to_the_log_is_found_and_its_first_entry_named() -> None:
    check_mutations(330)


@pytest.mark.long
def test_every_one_of_10_000_changes_is_found() -> None:
    check_mutations(10_000)


def test_an_untouched_log_is_right_and_the_end_after_the_last_published_head_is_told() -> None:
    log = a_log(random.Random(1))
    report = verify(log, head_of(log), heads_of(log)[:-1])
    assert (report.verified, report.anchored, report.bad) == (LENGTH, LENGTH - EVERY, None)
    assert verify([], None).bad is None
    assert verify([], Head(0, START)).bad is None


def test_a_rebuilt_log_is_right_for_whoever_has_no_published_head() -> None:
    log = a_log(random.Random(1))
    rebuilt = chained([replace(log[0], act="nothing"), *log[1:]])
    assert verify(rebuilt, head_of(rebuilt)).bad is None
    assert verify(rebuilt, head_of(rebuilt), heads_of(log)).bad == Bad(
        10, "does not have the hash that was published: the log was rebuilt", 1
    )


def test_two_published_heads_that_contradict_each_other_are_found() -> None:
    log = a_log(random.Random(1))
    rebuilt = chained([replace(log[0], act="nothing"), *log[1:]])
    bad = verify(rebuilt, head_of(rebuilt), [*heads_of(log), *heads_of(rebuilt)]).bad
    assert bad is not None
    assert bad.seq == EVERY


def test_a_log_without_its_head_row_is_bad() -> None:
    log = a_log(random.Random(1))
    assert verify(log, None).bad is not None
    assert verify([], None, heads_of(log)).bad is not None


# On both databases, by somebody who owns them.

CHANGES: dict[str, tuple[Callable[[Connection], object], int]] = {
    "edit": (lambda c: c.execute(update(audit).where(audit.c.seq == 5).values(act="nothing")), 5),
    "delete": (lambda c: c.execute(delete(audit).where(audit.c.seq == 7)), 7),
    "cut": (lambda c: c.execute(delete(audit).where(audit.c.seq >= 9)), 9),
    "swap": (
        lambda c: (
            c.execute(update(audit).where(audit.c.seq == 3).values(seq=99)),
            c.execute(update(audit).where(audit.c.seq == 4).values(seq=3)),
            c.execute(update(audit).where(audit.c.seq == 99).values(seq=4)),
        ),
        3,
    ),
    "head": (lambda c: c.execute(update(audit_head).values(seq=11)), 12),
    "no head": (lambda c: c.execute(delete(audit_head)), 13),
}


def fill(service: Service) -> None:
    with service.database.write() as connection:
        triggers.create(connection)
        for number in range(12):
            append(connection, None, "label", f"item-{number}", turn=number)


def without_triggers(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("DROP TRIGGER audit_no_delete"))
    else:
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))


@pytest.mark.parametrize("name", CHANGES)
def test_what_the_owner_of_the_database_changed_is_found(service: Service, name: str) -> None:
    fill(service)
    assert verify_database(service.database).bad is None
    change, first = CHANGES[name]
    with service.database.write() as connection:
        without_triggers(connection)
        change(connection)
    bad = verify_database(service.database).bad
    assert bad is not None
    assert bad.seq == first


def test_the_database_refuses_to_change_or_delete_an_entry(service: Service) -> None:
    fill(service)
    for statement in (update(audit).values(act="nothing"), delete(audit).where(audit.c.seq == 1)):
        with pytest.raises(DBAPIError, match="append-only"), service.database.write() as connection:
            connection.execute(statement)
    if not service.database.is_sqlite:
        with pytest.raises(DBAPIError, match="append-only"), service.database.write() as connection:
            connection.execute(text("TRUNCATE audit"))
    with service.database.write() as connection:
        triggers.create(connection)  # again changes nothing
        append(connection, None, "label", "item-1")
    with service.database.read() as connection:
        assert len(connection.execute(select(audit)).all()) == 13


def test_a_value_of_another_type_is_found(service: Service) -> None:
    fill(service)
    if not service.database.is_sqlite:
        return  # PostgreSQL keeps to the type of its columns
    with service.database.write() as connection:
        without_triggers(connection)
        connection.execute(text("UPDATE audit SET facts = x'00ff' WHERE seq = 5"))
    bad = verify_database(service.database).bad
    assert bad is not None
    assert bad.seq == 5


def test_a_row_that_was_added_by_hand_is_found(service: Service) -> None:
    fill(service)
    row = {
        "seq": 13,
        "at_ms": 1,
        "actor": "p",
        "act": "a",
        "subject": "s",
        "facts": "{}",
        "previous": "0",
        "hash": "0",
    }
    with service.database.write() as connection:
        connection.execute(insert(audit).values(row))
    bad = verify_database(service.database).bad
    assert bad is not None
    assert bad.seq == 13
