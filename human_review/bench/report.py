"""The figures for people, and the page docs/results/review.md."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from human_review.bench.service import SETTLE_SECONDS
from stream_app.bench.report import Report, Row

RETURN_GOAL_SECONDS = 1.0
TAKE_GOAL_MS = 150.0
ZERO = (
    "double_decisions", "given_to_two", "lost", "sent_twice", "sent_though_undone", "undecided", "wrong_answers",
)  # fmt: skip
_COUNTS = ("reviewers", "tasks", "kills", "seconds", "think_seconds", *ZERO, "accepted", "labels", "returns")

METHOD = f"""\
`weir review` runs as it does in production, over a real Apache Kafka of one node. Both databases wait for
the disk with each commit. Tasks come in over `review-queue`.
Scripted people sign in once and work over HTTP, all at the same time: they take a task, look at it for a while
(`think_seconds` on average, exponential, three times that at most; the lease is lengthened meanwhile, as the page
does), and decide. Some submit twice, submit with the token of an earlier lease,
skip, undo their answer, or go away without a word. Meanwhile the service is killed with SIGKILL at random moments and
started again; who got no answer asks again. At the end all labels are read from `review-labels`, committed ones only.

- `double_decisions`: seats with two answers that stand, and tasks with two final labels that nothing replaces.
- `given_to_two`: times that a seat was with two people, both of whom held a lease that ran.
- `lost`: labels that were answered with 2xx, not undone, and are not in Kafka.
- `sent_twice`: label ids that are in Kafka more than once.
- `sent_though_undone`: labels whose undo was answered with "nothing was sent", and that are in Kafka.
- `undecided`: tasks without a decision at the end.
- `wrong_answers`: old tokens that were accepted, double submits that made a second label.
- `returns`: seats that somebody left and somebody else was given. `over TTL` is how long after the end of its lease
  such a seat was still passed over at most, without the seconds in which the service did not run: somebody asked who
  may have it, and was given a less urgent one. While more urgent ones are there, a seat that has come back waits like
  any other.
- `take`: what a person waits for the next task, over HTTP, the network of loopback included, with all others at work;
  `after kills` are those asked for in the {SETTLE_SECONDS:g} s after a start of the service, when everybody comes at
  once.
"""


class ReviewReport(Report):
    """Takes the rows of both databases; a page keeps those of the one that was not run."""

    def show(self) -> None:
        """Print the table for people."""
        if self.as_json:
            return
        console = Console()
        header, lines = table(_runs(self.rows))
        shown = Table(*header, title="Review under fire", title_justify="left")
        for line in lines:
            shown.add_row(*line)
        console.print(shown)

    def write(self, page: Path) -> None:
        """Write the page, with its rows beside it as JSON lines."""
        store = page.with_suffix(".jsonl")
        page.parent.mkdir(parents=True, exist_ok=True)
        before = (
            [json.loads(line) for line in store.read_text(encoding="utf-8").splitlines()] if store.exists() else []
        )
        kept = {row["database"]: row for row in [*before, *_runs(self.rows)]}
        rows = [kept[name] for name in sorted(kept)]
        store.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        page.write_text(markdown(rows), encoding="utf-8")
        self.note(f"written: {page}")


def table(runs: list[Row]) -> tuple[list[str], list[list[str]]]:
    """Header and lines: one column for each run."""
    lines = [[name.replace("_", " "), *(_zero(name, run[name]) for run in runs)] for name in _COUNTS]
    lines.append(["over TTL, seconds", *(_goal(run["return_seconds_over_ttl"], RETURN_GOAL_SECONDS) for run in runs)])
    lines += [
        [f"take {name}, ms", *(_take(name, run["take_ms"]) for run in runs)] for name in ("p50", "p95", "p99")
    ]  # fmt: skip
    lines.append(["take p95 after kills, ms", *(str(run["take_ms_after_kills"].get("p95", "")) for run in runs)])
    return ["", *(run["database"] for run in runs)], lines


def markdown(runs: list[Row]) -> str:
    """The page."""
    header, lines = table(runs)
    parts = ["# Review under fire\n", "Written by `weir bench review`; do not edit.\n"]
    parts += [_md(header), _md(["---"] * len(header)), *map(_md, lines), ""]
    for run in runs:
        done = ", ".join(f"{name} {number}" for name, number in run["done"].items())
        facts = ", ".join(
            f"{name.replace('_', ' ')} {value}" for name, value in run["machine"].items() if name != "command"
        )
        parts += [f"{run['database']}: {done}.\n", f"`{run['machine']['command']}`: {facts}\n"]
    return "\n".join([*parts, "## How it is measured\n", METHOD])


def _runs(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["bench"] == "review"]


def _zero(name: str, value: Any) -> str:
    return f"{value} (must be 0)" if name in ZERO and value else str(value)


def _take(name: str, found: dict[str, float]) -> str:
    value = found.get(name)
    return "" if value is None else _goal(value, TAKE_GOAL_MS) if name == "p95" else str(value)


def _goal(value: float | None, goal: float) -> str:
    if value is None:
        return "nobody left a task: nothing to say"
    return f"{value} (<= {goal:g}: {'met' if value <= goal else 'not met'})"


def _md(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
