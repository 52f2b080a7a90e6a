"""``weir classify``: the whole path without Kafka."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from stream_app.adapters.memory import NoCache
from stream_app.build import build_moderator
from stream_app.cli import EXIT_BAD_INPUT
from stream_app.errors import ConfigError
from stream_app.explained_lines import ExplainingDecider
from stream_app.lines import Answer, Decider, Line, Sharded
from stream_app.settings import load
from stream_app.shares import Shares
from stream_app.telemetry import Telemetry

app = typer.Typer(add_completion=False)
BATCH = 2048


@app.command()
def classify(
    file: Annotated[Path | None, typer.Argument(help="JSON lines; standard input if absent or -.")] = None,
    text: Annotated[bool, typer.Option("--text", help="Each line is a text, not JSON.")] = False,
    policy: Annotated[Path | None, typer.Option(help="A policy file instead of the shipped one.")] = None,
    cascade: Annotated[Path | None, typer.Option(help="A cascade file instead of the shipped one.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes to share the work.")] = os.cpu_count() or 1,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add `explanation`: the words that each score for review rests on.")
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="At the end, the shares of outcomes and levels on standard error.")
    ] = False,
) -> None:
    """Decide items without Kafka: JSON lines in, one Decision a line out, in the same order.

    A line that cannot be decided is reported on standard error with its number, and the exit status is 1.
    """
    settings = load()
    changes = {"policy": policy or settings.policy, "cascade": cascade or settings.cascade}
    moderator = build_moderator(settings.model_copy(update=changes), Telemetry(), NoCache())
    decider = (ExplainingDecider if explain else Decider)(moderator, as_text=text)
    bad, shares = 0, Shares() if summary else None
    with ExitStack() as stack:
        lines = _lines(file, stack, keep_empty=text)
        batch = list(islice(lines, BATCH))
        many = jobs > 1 and len(batch) == BATCH
        decide = stack.enter_context(Sharded(decider, jobs)).decide if many else decider.decide
        while batch:
            bad += _write(decide(batch), shares)
            batch = list(islice(lines, BATCH))
    for line in shares.lines() if shares else ():
        sys.stderr.write(line + "\n")
    raise typer.Exit(EXIT_BAD_INPUT if bad else 0)


def _write(answers: list[Answer], shares: Shares | None) -> int:
    """Write decisions and complaints, and count the decisions; the number of bad lines."""
    bad = 0
    for answer in answers:
        if answer.decision is not None:
            sys.stdout.buffer.write(answer.decision + b"\n")
            if shares:
                shares.add(answer.decision)
        elif answer.error is not None:
            bad += 1
            sys.stderr.write(f"line {answer.number}: {answer.error}\n")
    sys.stdout.buffer.flush()
    return bad


def _lines(file: Path | None, stack: ExitStack, *, keep_empty: bool) -> Iterator[Line]:
    try:
        source = sys.stdin.buffer if file is None or str(file) == "-" else stack.enter_context(file.open("rb"))
    except OSError as error:
        raise ConfigError(str(file), "FILE", f"cannot be read: {error.strerror}") from error
    for number, line in enumerate(source, start=1):
        if keep_empty or line.strip():
            yield number, line.rstrip(b"\r\n")
