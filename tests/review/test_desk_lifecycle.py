"""The life of leases, answers and undos against a plain model, step by step in any order (SQLite)."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from human_review.database.tables import answers, outbox, seats, tasks
from human_review.desk.cards import Card
from human_review.desk.decide import Given, decide, undo
from human_review.desk.take import heartbeat, release, take
from human_review.errors import Conflict
from human_review.permissions import Actor
from human_review.testing import make_review_task, make_service
from human_review.testing_desk import ALLOW, PLAIN, REMOVE, in_force, pick_up, rows_of, run_out, waiting
from human_review.testing_quality import make_actor, open_tasks
from stream_app.contracts.ids import digest

PEOPLE = st.integers(0, 2)


class Desk(RuleBasedStateMachine):
    """``held``: the cards that leases are live for. ``given``: answers that stand, with whether they were sent."""

    @initialize(number=st.integers(1, 3))
    def open(self, number: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.service = make_service(Path(self.folder.name), config=PLAIN)
        open_tasks(self.service, *(make_review_task(each) for each in range(number)))
        self.people = [make_actor(self.service, name) for name in ("ann", "bob", "eve")]
        self.held: dict[str, tuple[Actor, Card]] = {}
        self.stale: list[tuple[Actor, Card]] = []
        self.given: dict[str, tuple[Actor, Given]] = {}
        self.sent: set[str] = set()
        self.withdrawn: set[str] = set()
        self.tokens: dict[str, int] = {}

    @rule(who=PEOPLE)
    def take(self, who: int) -> None:
        actor = self.people[who]
        card = take(self.service, actor)
        own = [seat for seat, (holder, _) in self.held.items() if holder == actor]
        free = {row.seat_id for row in rows_of(self.service, seats)} - set(self.held) - self.answered()
        if card is None:
            assert not own
            assert not free
            return
        assert card.seat_id in (own or free)
        assert card.token > self.tokens.get(card.seat_id, 0) or card.seat_id in own
        self.tokens[card.seat_id] = card.token
        self.held[card.seat_id] = actor, card

    def answered(self) -> set[str]:
        return {row.seat_id for row in rows_of(self.service, answers) if row.label_id in self.given}

    @precondition(lambda self: self.held)
    @rule(data=st.data(), remove=st.booleans())
    def decide(self, data: st.DataObject, remove: bool) -> None:
        seat = data.draw(st.sampled_from(sorted(self.held)))
        actor, card = self.held.pop(seat)
        given = decide(self.service, actor, seat, card.token, REMOVE if remove else ALLOW)
        assert decide(self.service, actor, seat, card.token, REMOVE if remove else ALLOW) == given
        assert given.final
        self.given[given.label_id] = actor, given

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        seat = data.draw(st.sampled_from(sorted(self.held)))
        actor, card = self.held.pop(seat)
        release(self.service, actor, seat, card.token)
        self.stale.append((actor, card))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def hold_on(self, data: st.DataObject) -> None:
        seat = data.draw(st.sampled_from(sorted(self.held)))
        actor, card = self.held[seat]
        heartbeat(self.service, actor, seat, card.token)

    @rule()
    def leave(self) -> None:
        run_out(self.service)
        self.stale += self.held.values()
        self.held.clear()

    @rule()
    def publish(self) -> None:
        pick_up(self.service)
        self.sent |= set(self.given)

    @precondition(lambda self: self.given)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        label_id = data.draw(st.sampled_from(sorted(self.given)))
        actor, _ = self.given.pop(label_id)
        undone = undo(self.service, actor, label_id)
        assert undone.in_time == (label_id not in self.sent)
        if not undone.in_time:
            self.withdrawn.add(digest("withdrawal", label_id))
        assert undone.token is not None
        assert undone.token > self.tokens[undone.seat_id]
        self.tokens[undone.seat_id] = undone.token
        card = take(self.service, actor)
        assert card is not None
        self.held[card.seat_id] = actor, card
        row = rows_of(self.service, seats, seat_id=undone.seat_id)[0]
        assert (row.state, row.holder, row.token) == ("leased", actor.user_id, undone.token)
        if card.seat_id != undone.seat_id:  # they held another one as well, which comes first
            release(self.service, actor, undone.seat_id, undone.token)

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def come_late(self, data: st.DataObject) -> None:
        actor, card = data.draw(st.sampled_from(self.stale))
        before = rows_of(self.service, answers)
        with pytest.raises(Conflict):  # the lease is lost, or the task is closed
            decide(self.service, actor, card.seat_id, card.token, ALLOW)
        assert rows_of(self.service, answers) == before

    @invariant()
    def what_stands_is_what_was_given(self) -> None:
        if not hasattr(self, "service"):
            return
        standing = {row.label_id for row in rows_of(self.service, answers, state="standing")}
        assert standing == set(self.given)
        messages = {row.message_id for row in rows_of(self.service, outbox)}
        assert messages == standing | self.sent | self.withdrawn
        assert {label.label_id for label in in_force(waiting(self.service))} == standing
        closed = {row.final_label_id for row in rows_of(self.service, tasks, state="closed")}
        assert closed == standing
        leased = {row.seat_id: row.token for row in rows_of(self.service, seats, state="leased")}
        assert all(leased[seat] == card.token for seat, (_, card) in self.held.items())

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self.service.database.close()
            self.folder.cleanup()


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
