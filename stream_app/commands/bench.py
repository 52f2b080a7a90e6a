"""``weir bench``: what a core of this machine does, with a real Kafka."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.errors import Unreachable

if TYPE_CHECKING:
    from stream_app.bench.report import Report
    from stream_app.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Measure throughput and latency on this machine.")

# Other packages add benchmarks of their own: each name in this group is a Typer application.
for _entry in entry_points(group="weir.bench"):
    app.add_typer(_entry.load(), name=_entry.name)

Bootstrap = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="A Kafka that runs; otherwise WEIR_KAFKA_BOOTSTRAP, or one of its own."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on standard output, with machine and commit.")]
Write = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the tables as a page of Markdown.")]
Rounds = Annotated[int, typer.Option(min=1, help="Rounds of all contenders.")]


@app.command()
def stream(
    items: Annotated[int, typer.Option(min=100, help="Items in each run.")] = 30_000,
    rounds: Rounds = 3,
    copies: Annotated[
        float, typer.Option(min=0, max=0.95, help="Rounds with this share of copied texts as well; 0 for none.")
    ] = 0.0,
    seconds: Annotated[float, typer.Option(min=0, help="Seconds of latency at each load; 0 for none.")] = 20.0,
    bootstrap: Bootstrap = None,
    as_json: Json = False,
    write: Write = None,
) -> None:
    """Messages per CPU-second through the worker, beside plain Faust and bare aiokafka; then latency under load."""
    with _bench("stream", bootstrap, as_json=as_json, write=write) as (settings, report):
        from stream_app.bench.latency import levels
        from stream_app.bench.throughput import rounds as rounds_
        from stream_app.bench.throughput import summary
        from stream_app.bench.workload import Workload

        load = 0.0
        for share in dict.fromkeys((0.0, copies)):
            runs = []
            facts = {"items": items, "copies": share}
            for run in rounds_(settings, Workload(items, share), rounds, report.note):
                runs.append(run)
                report.add(run.row() | facts)
            found = summary(runs) | facts
            report.add(found)
            load = load or found["weir"]["per_second"]
        if seconds:
            for level in levels(settings, load, seconds, report.note):
                report.add(level.row())


@app.command()
def restore(
    keys: Annotated[int, typer.Option(min=100, help="Items whose decisions are restored.")] = 100_000,
    rounds: Rounds = 3,
    bootstrap: Bootstrap = None,
    as_json: Json = False,
    write: Write = None,
) -> None:
    """Keys per CPU-second when a ledger is restored from the decisions topic."""
    with _bench("restore", bootstrap, as_json=as_json, write=write) as (settings, report):
        from stream_app.bench.restore import restore as restore_

        for row in restore_(settings, keys, rounds, report.note):
            report.add(row)


@app.command()
def classify(
    items: Annotated[int, typer.Option(min=1, help="Lines of the file.")] = 10_000,
    as_json: Json = False,
    write: Write = None,
) -> None:
    """Items per second of `weir classify`; no Kafka."""
    with _report("classify", as_json=as_json, write=write) as report:
        from stream_app.bench.classify import classify as classify_

        report.add(classify_(items, report.note))


@contextmanager
def _bench(
    name: str, bootstrap: str | None, *, as_json: bool, write: Path | None
) -> "Iterator[tuple[Settings, Report]]":
    from stream_app.bench.cluster import kafka
    from stream_app.settings import load

    settings = load()
    own = bootstrap is None and not os.environ.get("WEIR_KAFKA_BOOTSTRAP")
    if bootstrap is not None:
        settings = settings.model_copy(update={"kafka_bootstrap": bootstrap})
    with _report(name, as_json=as_json, write=write) as report:
        if own:
            report.note("starting a Kafka of its own")
        with kafka(settings, own=own) as there:
            yield there, report


@contextmanager
def _report(name: str, *, as_json: bool, write: Path | None) -> "Iterator[Report]":
    from stream_app.bench.machine import machine
    from stream_app.bench.process import BenchFailed
    from stream_app.bench.report import Report

    report = Report(name, as_json)
    report.add({"bench": "machine", **machine()})
    try:
        yield report
    except BenchFailed as failure:
        raise Unreachable(str(failure)) from failure
    report.show()
    if write is not None:
        report.write(write)
