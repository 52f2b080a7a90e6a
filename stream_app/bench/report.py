"""Where the figures go: JSON lines, tables for people, a page of Markdown."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

GOAL_PER_CPU_SECOND = 4000
GOAL_RATIO = 3.0
GOAL_KEYS_PER_CPU_SECOND = 20_000

Row = dict[str, Any]


@dataclass(slots=True)
class Report:
    """Takes the rows of one benchmark as they come.

    With ``as_json`` they go to standard output, one a line, and all else to standard error.
    """

    name: str
    as_json: bool
    rows: list[Row] = field(default_factory=list)
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        self.console = Console(stderr=True)

    def note(self, what: str) -> None:
        """Say what goes on."""
        self.console.print(f"{what} …", style="dim", highlight=False)

    def add(self, row: Row) -> None:
        """Take a row."""
        self.rows.append(row)
        if self.as_json:
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()

    def show(self) -> None:
        """Print all tables for people."""
        if self.as_json:
            return
        console = Console()
        for title, header, lines in tables(self.rows):
            table = Table(*header, title=title, title_justify="left")
            for line in lines:
                table.add_row(*line)
            console.print(table)

    def write(self, page: Path) -> None:
        """Write the page. The rows stand beside it as JSON lines, so that other benchmarks on it stay there."""
        store = page.with_suffix(".jsonl")
        page.parent.mkdir(parents=True, exist_ok=True)
        kept: dict[str, list[Row]] = {}
        for line in store.read_text(encoding="utf-8").splitlines() if store.exists() else []:
            row = json.loads(line)
            kept.setdefault(row.pop("of"), []).append(row)
        kept[self.name] = self.rows
        lines = [json.dumps({"of": name, **row}) for name, rows in sorted(kept.items()) for row in rows]
        store.write_text("\n".join(lines) + "\n", encoding="utf-8")
        page.write_text(markdown(kept), encoding="utf-8")
        self.note(f"written: {page}")


def tables(rows: list[Row]) -> Iterable[tuple[str, list[str], list[list[str]]]]:
    """Title, header and lines of a table for each kind of row that there is."""
    for summary in _of(rows, "throughput-summary"):
        yield _throughput(summary, _of(rows, "throughput"))
    if found := _of(rows, "latency"):
        yield _latency(found)
    if found := _of(rows, "restore"):
        yield (
            "Ledger restored from `decisions`",
            ["round", "keys", "bytes a value", "seconds", "CPU-seconds", "keys per CPU-second", "goal"],
            [
                [str(row[name]) for name in ("round", "keys", "value_bytes", "seconds", "cpu_seconds")]
                + [
                    str(row["keys_per_cpu_second"]),
                    _goal(row["keys_per_cpu_second"], GOAL_KEYS_PER_CPU_SECOND),
                ]
                for row in found
            ],
        )
    if found := _of(rows, "classify"):
        yield (
            "`weir classify`",
            ["lines", "seconds", "of which start", "items/s", "items/s without the start"],
            [
                [str(row[name]) for name in ("items", "seconds", "start_seconds", "items_per_second")]
                + [str(row["items_per_second_without_start"])]
                for row in found
            ],
        )


def _throughput(summary: Row, runs: list[Row]) -> tuple[str, list[str], list[list[str]]]:
    lines = []
    runs = [run for run in runs if run["copies"] == summary["copies"]]
    for name in ("weir", "plain faust", "bare aiokafka"):
        own = [run["per_cpu_second"] for run in runs if run["contender"] == name]
        ratio = summary.get(f"ratio to {name}")
        goal = ""
        if name == "weir":
            goal = _goal(summary[name]["per_cpu_second"], GOAL_PER_CPU_SECOND)
        elif name == "plain faust":
            goal = f"worker {_goal(summary[f'ratio to {name}'], GOAL_RATIO)}"
        lines.append(
            [
                name,
                str(summary[name]["per_cpu_second"]),
                " ".join(str(each) for each in own),
                str(summary[name]["per_second"]),
                "" if ratio is None else f"{ratio}x",
                goal,
            ]
        )
    header = ["", "per CPU-second", "by round", "per second", "the worker does", "goal"]
    title = (
        f"Throughput in messages, {summary['items']} items, {summary['copies']:.0%} of the texts are copies (medians)"
    )
    return title, header, lines


def _latency(found: list[Row]) -> tuple[str, list[str], list[list[str]]]:
    header = [
        "load",
        "items/s",
        "items",
        "p50",
        "p99",
        "p99.9",
        "readable p50",
        "readable p99",
        "load late p99",
        "load average",
    ]
    lines = [
        [
            f"{row['share_of_load']:.0%}",
            str(row["items_per_second"]),
            str(row["items"]),
            *(str(row["decided_ms"][name]) for name in ("p50", "p99", "p99.9")),
            *(str(row["readable_ms"][name]) for name in ("p50", "p99")),
            str(row["generator_late_ms"]["p99"]),
            str(row["load_average"]),
        ]
        for row in found
    ]
    return "Latency from produce to decision, ms", header, lines


def _of(rows: list[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["bench"] == kind]


def _goal(value: float, goal: float) -> str:
    return f">= {goal:g}: {'met' if value >= goal else 'not met'}"


METHOD = """\
Messages per CPU-second is processor time of the worker's process, all threads, from 15 % to 95 % of the decisions of
a run; it says what a core does whoever else is on the machine. Every contender reads the same items from a real
Apache Kafka with 4 partitions and must answer each of them, else there is no figure. Contenders take turns; ratios
are made within a round and the median of them is given.

- `weir`: the worker as it is run in production: transactions, ledger, decision cache, metrics.
- `plain faust`: the same decoding, classifying and deciding in an agent with `stream.take` and `topic.send` at
  Faust's default settings, uvloop, a ledger in memory, no cache, no transactions, no delivery awaited.
- `bare aiokafka`: reads JSON and writes it back; decides nothing. No worker on aiokafka can be faster.

Latency is the timestamp of the decision minus the time at which its item was due, from an open-loop generator, at
shares of the worker's messages per second above. `readable` adds the commit: when a consumer of committed messages
in the benchmark's own process had it. `load late` is how late the load itself was; latencies contain it. The broker
and the generator run on the same machine: where `load average` passes the number of cores, the latency is more the
machine's than the worker's.
"""


_ORDER = ("stream", "restore", "classify")


def markdown(found: dict[str, list[Row]]) -> str:
    """The page, from the rows of each benchmark."""
    parts = ["# Throughput and latency\n", "Written by `weir bench`; do not edit.\n"]
    for name in _ORDER:
        rows = found.get(name, [])
        for title, header, lines in tables(rows):
            parts += [f"## {title}\n", _md_row(header), _md_row(["---"] * len(header)), *map(_md_row, lines), ""]
        parts += [_where(row) for row in _of(rows, "machine")]
    return "\n".join([*parts, "## How it is measured\n", METHOD])


def _where(machine: Row) -> str:
    facts = ", ".join(
        f"{name.replace('_', ' ')} {machine[name]}" for name in machine if name not in ("bench", "command")
    )
    return f"`{machine['command']}`: {facts}\n"


def _md_row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
