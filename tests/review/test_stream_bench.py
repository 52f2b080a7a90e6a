"""The benchmark of review: it finds what is wrong, and at a small size nothing is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from human_review.bench.command import app
from human_review.bench.count import compared, given_to_two, percentiles, returns_of
from human_review.bench.report import ZERO, ReviewReport, markdown
from human_review.bench.reviewer import Findings, Taken
from human_review.testing import make_review_task
from stream_app.contracts.review import ReviewDecision

ROOT = Path(__file__).parents[2]
TASK = make_review_task(1)


def label(name: str, *, final: bool = True, replaces: str | None = None) -> ReviewDecision:
    return ReviewDecision(
        label_id=name, final=final, replaces=replaces, task=TASK, item_id="item-1", reviewer_id="r", verdict="allow",
        decided_at=TASK.due_at, policy_version="1",
    )  # fmt: skip


def test_labels_that_were_accepted_and_sent_once_are_right() -> None:
    found = Findings(accepted={"a": "seat"})
    assert not any(compared([label("a")], [found]).values())


def test_what_was_accepted_and_is_not_sent_is_lost() -> None:
    assert compared([], [Findings(accepted={"a": "seat"})])["lost"] == 1


def test_what_may_have_been_undone_is_not_lost() -> None:
    assert compared([], [Findings(accepted={"a": "seat"}, doubtful={"a"})])["lost"] == 0


def test_what_is_sent_twice_under_one_id_is_found() -> None:
    assert compared([label("a"), label("a")], [])["sent_twice"] == 1


def test_two_final_labels_are_a_double_decision_unless_one_replaces_the_other() -> None:
    assert compared([label("a"), label("b")], [])["double_decisions"] == 1
    assert compared([label("a"), label("b", replaces="a")], [])["double_decisions"] == 0
    assert compared([label("a"), label("b", final=False)], [])["double_decisions"] == 0


def test_what_was_undone_and_is_sent_is_found() -> None:
    assert compared([label("a")], [Findings(withdrawn={"a"})])["sent_though_undone"] == 1


def taken(seat: str, due: float, at: float) -> Taken:
    return Taken(seat, f"task of {seat}", due, at - 0.1, at)


def test_a_return_counts_from_the_end_of_the_lease_to_the_last_time_that_the_seat_was_passed_over() -> None:
    left = Findings(abandoned=[("left", 100.0)], taken=[taken("left", 50.0, 95.0), taken("later", 51.0, 104.0)])
    others = Findings(
        taken=[
            taken("later", 51.0, 99.0),  # before the lease was over
            taken("later", 51.0, 100.05),  # asked for before
            taken("later", 51.0, 103.0),
            taken("more urgent", 49.0, 108.0),
            taken("left", 50.0, 109.0),
            taken("later", 51.0, 120.0),
        ]
    )
    assert returns_of(lambda _start, _end: 2.5, [left, others]) == [1.5]


def test_who_may_not_have_a_seat_does_not_pass_it_over() -> None:
    left = Findings(abandoned=[("left", 100.0)], taken=[taken("left", 50.0, 95.0)])
    skipped = Findings(taken=[taken("later", 51.0, 103.0)], barred={"task of left"})
    last = Findings(taken=[taken("left", 50.0, 105.0)])
    assert returns_of(lambda _start, _end: 0.0, [left, skipped, last]) == [0.0]
    assert returns_of(lambda _start, _end: 0.0, [left, skipped]) == []


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentiles([float(number) for number in range(1, 101)]) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert percentiles([]) == {}


def run(*arguments: str) -> list[dict[str, object]]:
    done = CliRunner().invoke(app, ["--json", *arguments])
    assert done.exit_code == 0, (done.stderr, done.exception)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.broker
def test_nothing_is_lost_or_doubled_while_the_service_is_killed(tmp_path: Path) -> None:
    page = tmp_path / "review.md"
    size = ("--reviewers", "5", "--tasks", "60", "--kills", "2", "--think", "0.05", "--database", "sqlite")
    [row] = run(*size, "--write", str(page))
    assert {name: row[name] for name in ZERO} == dict.fromkeys(ZERO, 0)
    assert row["kills"] == 2
    assert "| reviewers | 5 |" in page.read_text()


@pytest.mark.long
@pytest.mark.broker
def test_nothing_is_lost_or_doubled_at_the_stated_size() -> None:
    command = [sys.executable, "-m", "stream_app", "bench", "review", "--json", "--write", "docs/results/review.md"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["database"] for row in rows] == ["sqlite", "postgresql"]
    for row in rows:
        assert {name: row[name] for name in ZERO} == dict.fromkeys(ZERO, 0)
        assert (row["reviewers"], row["tasks"], row["kills"]) == (50, 5000, 10)
        assert row["returns"]
        assert row["return_seconds_over_ttl"] <= 1.0


def test_a_seat_with_two_people_at_once_is_counted_once() -> None:
    ann, bob = Findings(held=[("a", 1.0, 4.0), ("b", 5.0, 6.0)]), Findings(held=[("a", 3.9, 5.0), ("b", 6.0, 7.0)])
    assert given_to_two([ann, bob]) == 1
    assert given_to_two([ann]) == 0


def test_a_page_keeps_the_database_that_was_not_run(tmp_path: Path) -> None:
    page = tmp_path / "review.md"
    for database in ("sqlite", "postgresql"):
        report = ReviewReport("review", as_json=True)
        report.rows.append(figures(database))
        report.write(page)
    assert "| sqlite |" in page.read_text().replace("postgresql | ", "")
    assert "postgresql" in page.read_text()


def test_what_must_be_0_and_is_not_stands_out() -> None:
    assert "| lost | 3 (must be 0) |" in markdown([figures("sqlite") | {"lost": 3}])


def figures(database: str) -> dict[str, object]:
    counts = dict.fromkeys(ZERO, 0) | dict.fromkeys(
        ("reviewers", "tasks", "kills", "seconds", "think_seconds", "accepted", "labels", "returns"), 1
    )
    return counts | {
        "bench": "review", "database": database, "return_seconds_over_ttl": 0.1, "done": {"taken": 1},
        "take_ms": {"p50": 1.0, "p95": 2.0, "p99": 3.0}, "take_ms_after_kills": {},
        "machine": {"cpu": "x", "command": "weir bench review"},
    }  # fmt: skip
