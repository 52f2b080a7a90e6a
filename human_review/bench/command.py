"""``weir bench review``."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stream_app.errors import Unreachable

app = typer.Typer(add_completion=False)
EXIT_WRONG = 1


class Which(StrEnum):
    """The databases to run on."""

    sqlite = "sqlite"
    postgresql = "postgresql"
    both = "both"


@app.callback(invoke_without_command=True)
def review(
    reviewers: Annotated[int, typer.Option(min=2, help="People who work at the same time.")] = 50,
    tasks: Annotated[int, typer.Option(min=10, help="Tasks that they decide.")] = 5000,
    database: Annotated[Which, typer.Option(help="Where it is stored.")] = Which.both,
    kills: Annotated[int, typer.Option(min=1, help="How often the service is killed.")] = 10,
    think: Annotated[float, typer.Option(min=0, help="Seconds that a person looks at a task, on average.")] = 4.0,
    seconds: Annotated[float, typer.Option(min=10, help="The most that a run may take.")] = 3600.0,
    seed: Annotated[int, typer.Option(help="Of what people do, and of the kills.")] = 1,
    bootstrap: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A Kafka that runs; otherwise one of its own.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON lines on standard output, with machine and commit.")
    ] = False,
    write: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the table as a page of Markdown.")] = None,
) -> None:
    """Many reviewers over HTTP while the service is killed: nothing lost, nothing twice, and how long people wait.

    Exit status 1 where something was lost or doubled.
    """
    from human_review.bench.report import ZERO, ReviewReport
    from human_review.bench.run import Size
    from human_review.bench.run import review as run
    from stream_app.bench.cluster import kafka
    from stream_app.bench.machine import machine
    from stream_app.bench.process import BenchFailed
    from stream_app.settings import load

    report = ReviewReport("review", as_json)
    settings = load()
    if bootstrap is not None:
        settings = settings.model_copy(update={"kafka_bootstrap": bootstrap})
    size = Size(reviewers, tasks, kills, think, seconds, seed)
    chosen = [each for each in ("sqlite", "postgresql") if database in (Which.both, each)]
    with kafka(settings, own=bootstrap is None) as there:
        for each in chosen:
            try:
                row = run(there, each, size, report.note)
            except BenchFailed as failure:
                raise Unreachable(str(failure)) from failure
            report.add(row | {"machine": machine()})
    report.show()
    if write is not None:
        report.write(write)
    if any(row[name] for row in report.rows for name in ZERO):
        sys.exit(EXIT_WRONG)
