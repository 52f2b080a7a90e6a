"""``weir classify``: the whole path without Kafka."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from stream_app.adapters.cache import NoCache
from stream_app.adapters.ledger import MemoryLedger
from stream_app.build import build_moderator
from stream_app.cli import EXIT_BAD_INPUT
from stream_app.contracts.origin import Origin
from stream_app.contracts.topics import DECISIONS
from stream_app.errors import ConfigError
from stream_app.pipeline.moderate import Moderator
from stream_app.pipeline.outcome import Outcome
from stream_app.pipeline.types import RawMessage
from stream_app.settings import load
from stream_app.telemetry import Telemetry

app = typer.Typer(add_completion=False)
BATCH = 1024


@app.command()
def classify(
    file: Annotated[
        Path | None, typer.Argument(help="ContentItem JSON lines; standard input if absent or -.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Each line is a text, not JSON.")] = False,
    policy: Annotated[Path | None, typer.Option(help="A policy file instead of the shipped one.")] = None,
    cascade: Annotated[Path | None, typer.Option(help="A cascade file instead of the shipped one.")] = None,
) -> None:
    """Decide items without Kafka: JSON lines in, one Decision a line out, in the same order.

    A line that cannot be decided is reported on standard error with its number, and the exit status is 1.
    """
    settings = load().model_copy(update={"policy": policy or load().policy, "cascade": cascade or load().cascade})
    moderator = build_moderator(settings, Telemetry(), NoCache())
    ledger = MemoryLedger()
    bad = 0
    with ExitStack() as stack:
        source = _open(file, stack)
        numbered = enumerate((line.rstrip(b"\r\n") for line in source), start=1)
        lines = ((number, line) for number, line in numbered if text or line.strip())
        while batch := list(islice(lines, BATCH)):
            bad += _decide(batch, moderator, ledger, as_text=text)
            sys.stdout.buffer.flush()
    raise typer.Exit(EXIT_BAD_INPUT if bad else 0)


def _decide(batch: list[tuple[int, bytes]], moderator: Moderator, ledger: MemoryLedger, *, as_text: bool) -> int:
    """Write the decisions of some numbered lines; the number of bad ones."""
    messages = [_message(number, line, as_text=as_text) for number, line in batch]
    outcomes = moderator.moderate(messages, ledger.lookup)
    bad = 0
    for (number, _), outcome in zip(batch, outcomes, strict=True):
        if outcome.entry is not None:
            ledger.write((0, outcome.entry[0]), outcome.entry[1])
        answer = _answer(outcome)
        if answer is not None:
            sys.stdout.buffer.write(answer + b"\n")
        elif outcome.kind == "buried":
            bad += 1
            sys.stderr.write(f"line {number}: {_trouble(outcome)}\n")
    return bad


def _answer(outcome: Outcome) -> bytes | None:
    """The decision on the message itself: of a late version that is its own, which comes first."""
    return next((record.value for record in outcome.records if record.topic is DECISIONS), None)


def _trouble(outcome: Outcome) -> str:
    error = str(msgspec.json.decode(outcome.records[0].value or b"{}").get("error", outcome.reason))
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in error)


def _message(number: int, line: bytes, *, as_text: bool) -> RawMessage:
    if as_text:
        line = msgspec.json.encode({"item_id": f"line-{number}", "text": line.decode(errors="replace")})
    return RawMessage(Origin(topic="", partition=0, offset=number), None, line, ())


def _open(file: Path | None, stack: ExitStack) -> BinaryIO | Iterator[bytes]:
    if file is None or str(file) == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(file.open("rb"))
    except OSError as error:
        raise ConfigError(file, "FILE", f"cannot be read: {error.strerror}") from error
