from datetime import UTC, datetime
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision
from stream_app.demo.tally import Tally
from stream_app.demo.text import shown
from stream_app.demo.view import print_summary

AT = datetime(2026, 1, 1, tzinfo=UTC)


def decision(decision_id: str) -> Decision:
    return Decision(
        decision_id=decision_id, item_id="i", verdict="allow", label=None, scores={}, thresholds={}, reasons=(),
        level="linear", artifacts={}, policy_version="1", language="en", decided_at=AT, latency_ms=1.0,
        text_digest="", based_on=decision_id,
    )  # fmt: skip


def letter() -> DeadLetter:
    return DeadLetter(
        topic="t", partition=0, offset=0, key=None, value_base64=None, stage="decode", error="json: no", failed_at=AT
    )


def test_every_kind_of_answer_is_counted_once() -> None:
    tally = Tally()
    for trace in "abcd":
        tally.send(trace, "text", 100)
    tally.decision("a", decision("1"), 130, 0.0)
    tally.decision("b", decision("1"), 150, 0.1)
    tally.decision("c", None, 150, 0.2)
    tally.dead_letter("d", letter(), 0.3)
    assert (tally.decisions, tally.repeats, tally.deletions, tally.dead_letters) == (1, 1, 1, 1)
    assert tally.adds_up
    assert tally.equation() == "4 sent = 1 new decisions + 1 repeats + 1 deletions + 1 dead letters"
    assert tally.latency_ms() == {"p50": 30.0, "p95": 30.0, "p99": 30.0}


def test_the_summary_has_the_shares_of_outcomes_and_levels() -> None:
    tally = Tally()
    decided = [("allow", "linear"), ("allow", "ensemble"), ("review", "linear"), ("remove", "linear")]
    for number, (verdict, level) in enumerate(decided):
        tally.send(str(number), "text", 100)
        found = msgspec.structs.replace(decision(str(number)), verdict=verdict, level=level)
        tally.decision(str(number), found, 130, 0.0)
    assert tally.summary()["outcomes"] == {"allow": 2, "review": 1, "act": 1}
    assert tally.summary()["levels"] == {"linear": 3, "ensemble": 1}
    console = Console(file=StringIO(), width=200)
    print_summary(console, tally, {})
    shown_summary = console.file.getvalue()
    assert "allow 50.0 %, review 25.0 %, act 25.0 %" in shown_summary
    assert "linear 75.0 %, ensemble 25.0 %" in shown_summary


def test_a_repeat_counts_for_no_share() -> None:
    tally = Tally()
    for trace in "ab":
        tally.send(trace, "text", 100)
        tally.decision(trace, decision("1"), 130, 0.0)
    assert tally.summary()["levels"] == {"linear": 1}


def test_what_is_delivered_again_is_counted_apart() -> None:
    tally = Tally()
    tally.send("a", "text", 100)
    for _ in range(3):
        tally.decision("a", decision("1"), 130, 0.0)
    assert tally.decisions == 1
    assert tally.delivered_again == 2
    assert tally.adds_up


def test_a_missing_answer_does_not_add_up() -> None:
    tally = Tally()
    tally.send("a", "text", 100)
    assert not tally.adds_up
    assert "≠" in tally.equation()
    assert tally.unanswered == 1


def test_an_answer_to_nobody_does_not_count() -> None:
    tally = Tally()
    tally.decision("stranger", decision("1"), 130, 0.0)
    assert tally.answered == 0
    assert tally.adds_up


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\u202eb", "a\\u202eb"),
        ("\x1b[2J", "\\u001b[2J"),
        ("line\nbreak\ttab", "line\\nbreak tab"),
        ("z" + "\u0301" * 9, "z" + "\u0301" * 3),
        ("\U000e0041", "\\U000e0041"),
        ("x" * 200, "x" * 160 + "…"),
        ("日本語 شكرا", "日本語 شكرا"),
    ],
)
def test_a_text_cannot_move_the_cursor_or_turn_the_line(text: str, expected: str) -> None:
    assert shown(text) == expected
