import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from human_review.appeals import reports, statements
from human_review.appeals.dsa import Refused, Told, exported, mapped
from human_review.appeals.dsa_rules import FIELDS, problems
from human_review.appeals.exporting import export
from human_review.appeals.scrub import personal_data
from human_review.database.tables import audit
from human_review.database.tables import statements as rows
from human_review.dsa_file import RESTRICTIONS, Dsa, DsaLabel
from human_review.errors import Forbidden, Invalid
from human_review.permissions import Actor
from human_review.review_file import load_review_config
from human_review.service import Service
from human_review.testing import make_review_task
from stream_app.contracts.decision import EnforcementAction, StatementOfReasons
from stream_app.contracts.review import UserReport

SHIPPED = load_review_config(None).dsa
SAID = StatementOfReasons(
    restriction="The item is not shown any more.", ground="Community rules, section 1: insults.",
    facts="An automatic check found toxic language in the text of the item.", automated_detection=True,
    automated_decision=True, redress="You can appeal within six months.",
)  # fmt: skip
DAY = 86_400_000
NOW = round(datetime(2026, 1, 31, tzinfo=UTC).timestamp() * 1000)


def told(**over: Any) -> Told:
    values: dict[str, Any] = {
        "decision_id": "0123456789abcdef", "kind": "remove", "label": "toxicity", "language": "en", "surface": "post",
        "content_ms": NOW - DAY, "applied_ms": NOW, "expires_ms": None, "statement": SAID,
    }  # fmt: skip
    return Told(**(values | over))


def test_what_is_exported_says_what_was_decided() -> None:
    statement = exported(told(expires_ms=NOW + 7 * DAY), SHIPPED)
    assert isinstance(statement, dict)
    assert statement["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert statement["category"] == "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    assert statement["puid"] == "0123456789abcdef"
    assert (statement["content_date"], statement["application_date"]) == ("2026-01-30", "2026-01-31")
    assert statement["end_date_visibility_restriction"] == "2026-02-07"
    assert (statement["automated_detection"], statement["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_FULLY")
    assert (statement["source_type"], statement["content_language"]) == ("SOURCE_VOLUNTARY", "EN")
    assert len(statement["territorial_scope"]) == 27
    assert statement["incompatible_content_ground"] == SAID.ground


def test_every_label_and_kind_of_the_shipped_files_can_be_exported() -> None:
    config = load_review_config(None)
    for label in (*config.labels, "of-another-policy", None):
        for kind in SHIPPED.restrictions:
            assert isinstance(exported(told(label=label, kind=kind), SHIPPED), dict), (label, kind)


@pytest.mark.parametrize(
    ("language", "code"),
    [("pt-BR", "PT"), ("hi-Latn", "HI"), ("und", None), ("", None), (None, None), ("fil", None)],
)
def test_a_language_without_two_letters_is_left_out(language: str | None, code: str | None) -> None:
    assert mapped(told(language=language), SHIPPED).get("content_language") == code


def test_what_users_had_reported_and_no_machine_found_is_no_own_initiative() -> None:
    by_person = msgspec.structs.replace(SAID, automated_detection=False, automated_decision=False)
    sources = {
        (reported, found): mapped(told(reported=reported, statement=statement), SHIPPED)["source_type"]
        for reported in (True, False) for found, statement in ((True, SAID), (False, by_person))
    }  # fmt: skip
    assert sources.pop((True, False)) == "SOURCE_TYPE_OTHER_NOTIFICATION"
    assert set(sources.values()) == {"SOURCE_VOLUNTARY"}


def test_a_label_that_names_a_law_is_told_as_illegal() -> None:
    label = DsaLabel(category="STATEMENT_CATEGORY_VIOLENCE", law="Section 241 of the penal code")
    statement = exported(told(), Dsa(labels={"toxicity": label}, restrictions=SHIPPED.restrictions))
    assert isinstance(statement, dict)
    assert statement["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert statement["illegal_content_legal_ground"] == "Section 241 of the penal code"
    assert "incompatible_content_ground" not in statement


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"content_ms": None}, "content_date"),
        ({"content_ms": 10**18}, "content_date"),
        ({"kind": "unheard-of"}, "decision_visibility"),
        ({"decision_id": "not allowed"}, "puid"),
        ({"expires_ms": NOW - DAY}, "end_date_visibility_restriction"),
        ({"statement": msgspec.structs.replace(SAID, facts="x" * 5001)}, "decision_facts"),
        ({"statement": msgspec.structs.replace(SAID, facts="written by anna@example.org")}, "decision_facts"),
        ({"statement": msgspec.structs.replace(SAID, ground="see +49 30 1234567")}, "incompatible_content_ground"),
        ({"statement": msgspec.structs.replace(SAID, ground="")}, "incompatible_content_ground"),
    ],
)
def test_what_the_database_must_not_get_is_refused_with_the_field(over: dict[str, Any], field: str) -> None:
    found = exported(told(**over), SHIPPED)
    assert isinstance(found, Refused)
    assert field in {problem.field for problem in found.problems}
    assert "anna" not in str(found.problems)


texts = st.text(max_size=60) | st.sampled_from(
    ["", "x" * 2001, "x" * 5001, "call +49 170 1234567", "@anna", "plain words"]
)
reasons = st.builds(
    StatementOfReasons, restriction=texts, ground=texts, facts=texts, automated_detection=st.booleans(),
    automated_decision=st.booleans(), redress=texts,
)  # fmt: skip
times = st.none() | st.integers(-(2**62), 2**62) | st.integers(0, 2 * NOW)
tolds = st.builds(
    Told, decision_id=st.text(max_size=20) | st.uuids().map(str),
    kind=st.sampled_from([*SHIPPED.restrictions, "hold"]),
    label=st.none() | st.text(max_size=10) | st.sampled_from(sorted(SHIPPED.labels)),
    language=st.none() | st.text(max_size=8) | st.sampled_from(["en", "pt-BR", "und"]), surface=st.none() | texts,
    content_ms=times, applied_ms=times.filter(lambda ms: ms is not None), expires_ms=times, statement=reasons,
    reported=st.booleans(),
)  # fmt: skip
labels = st.builds(
    DsaLabel, category=st.sampled_from(["STATEMENT_CATEGORY_VIOLENCE", "STATEMENT_CATEGORY_SELF_HARM"]),
    keywords=st.sampled_from([(), ("KEYWORD_OTHER",), ("KEYWORD_SUICIDE",)]), other_keyword=st.none() | texts,
    law=st.none() | texts, also_illegal=st.none() | st.booleans(),
)  # fmt: skip
mappings = st.builds(
    Dsa, territory=st.sampled_from(["EU", "EEA", ("DE",), ()]),
    labels=st.dictionaries(st.sampled_from(sorted(SHIPPED.labels)), labels),
    restrictions=st.dictionaries(st.sampled_from([*SHIPPED.restrictions]), st.sampled_from(sorted(RESTRICTIONS))),
    other_restriction=st.none() | texts, without_label=labels, reference_url=st.none() | texts,
    content_types=st.dictionaries(
        st.just("other"), st.sampled_from([("CONTENT_TYPE_TEXT",), ("CONTENT_TYPE_OTHER",)])
    ),
)  # fmt: skip


@settings(deadline=None)
@given(tolds, st.just(SHIPPED) | mappings)
def test_everything_exported_is_accepted_and_every_refusal_names_a_field(restriction: Told, dsa: Dsa) -> None:
    found = exported(restriction, dsa)
    if isinstance(found, Refused):
        assert found.problems
        assert all(problem.field in FIELDS and problem.why for problem in found.problems)
        return
    assert problems(found) == []
    assert all(personal_data(found[name]) == () for name in ("decision_facts",))
    json.dumps(found)


# -- from the database --

ADMIN = Actor("u", "r-1", "admin")


def note(service: Service, number: int, **over: Any) -> str:
    decision = msgspec.structs.replace(make_review_task(number).decision, verdict="remove")
    origin = decision.origin
    assert origin is not None
    decision = msgspec.structs.replace(
        decision, origin=msgspec.structs.replace(origin, timestamp=datetime.now(UTC).timestamp() - 60)
    )
    action = EnforcementAction(
        action_id=f"action-{number}", decision_id=decision.decision_id, item_id=decision.item_id, kind="remove",
        reason="score", statement=msgspec.structs.replace(SAID, **over),
    )  # fmt: skip
    with service.database.write() as connection:
        statements.note(connection, service, action, decision)
    return decision.decision_id


def lines(service: Service, begin: datetime | None = None, end: datetime | None = None) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    found: Iterator[bytes] = export(service, ADMIN, begin or now - timedelta(days=1), end or now + timedelta(days=1))
    return [json.loads(line) for line in found]


def test_the_export_holds_every_restriction_of_the_span_once_and_says_what_it_refused(service: Service) -> None:
    ids = [note(service, number) for number in range(3)]
    bad = note(service, 3, facts="write to anna@example.org")
    *calls, report = lines(service)
    assert sorted(each["puid"] for call in calls for each in call["statements"]) == sorted(ids)
    assert report["exported"] == 3
    [refused] = report["refused"]
    assert refused["decision_id"] == bad
    assert {problem["field"] for problem in refused["problems"]} == {
        "decision_facts", "incompatible_content_explanation",
    }  # fmt: skip
    assert "anna" not in json.dumps(report)


def test_a_span_without_restrictions_gives_the_report_alone(service: Service) -> None:
    note(service, 1)
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    assert lines(service, begin, begin + timedelta(days=1)) == [{"exported": 0, "refused": []}]


def test_pages_of_the_database_meet_without_a_gap_or_a_repeat(service: Service) -> None:
    first = note(service, 1)
    with service.database.write() as connection:
        row = dict(connection.execute(select(rows)).mappings().one())
        more = [row | {"action_id": f"more-{number:03}", "decision_id": f"more-{number:03}"} for number in range(120)]
        connection.execute(rows.insert(), more)
    *calls, report = lines(service)
    puids = [each["puid"] for call in calls for each in call["statements"]]
    assert report["exported"] == len(puids) == 121
    assert sorted(puids) == sorted([first, *(each["decision_id"] for each in more)])


def test_a_report_of_a_user_is_the_source_of_what_a_person_found(service: Service) -> None:
    note(service, 1, automated_detection=False, automated_decision=False)
    with service.database.write() as connection:
        reports.add(connection, service, UserReport(
            report_id="r", item_id="item-1", reason="hate", reporter_id="u", reported_at=datetime.now(UTC)
        ))  # fmt: skip
    [call, _] = lines(service)
    assert call["statements"][0]["source_type"] == "SOURCE_TYPE_OTHER_NOTIFICATION"


def test_an_export_is_written_down_and_not_for_everybody(service: Service) -> None:
    lines(service)
    with service.database.read() as connection:
        assert "export-dsa" in connection.execute(select(audit.c.act)).scalars().all()
    now = datetime.now(UTC)
    with pytest.raises(Forbidden):
        export(service, Actor("u", "r-2", "reviewer"), now - timedelta(days=1), now)
    with pytest.raises(Invalid):
        export(service, ADMIN, now, now - timedelta(days=1))
