"""``weir produce``: send a file of JSON lines to a topic and say what became of each line."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from confluent_kafka import KafkaError, KafkaException, Producer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from stream_app.adapters import clients
from stream_app.commands.topics import BAD_INPUT, UNREACHABLE, WRONG_USE, Json
from stream_app.contracts.topics import TOPICS
from stream_app.errors import ConfigError
from stream_app.settings import Settings, load

# Long enough for a broker that restarts.
DELIVERY_SECONDS = 60
_SHOWN_REFUSALS = 20
_INTERRUPTED = 130

app = typer.Typer(help="Send JSON lines to a topic.")


class Key(StrEnum):
    """What becomes the key of a message."""

    ITEM_ID = "item_id"
    AUTHOR_ID = "author_id"
    NONE = "none"


@dataclass(slots=True)
class Report:
    """What became of the lines of one file."""

    delivered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    seconds: float = 0.0
    # Whether nobody answered; otherwise Kafka answered and said no.
    unreachable: bool = False
    denied: bool = False

    def note(self, problem: KafkaError | None, _: object) -> None:
        """Count one delivery."""
        if problem is None:
            self.delivered += 1
            return
        self.failed[problem.str()] += 1
        if problem.code() in (KafkaError._MSG_TIMED_OUT, KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN):
            self.unreachable = True
        if problem.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            self.denied = True

    def status(self) -> int:
        """The exit status."""
        if self.unreachable:
            return UNREACHABLE
        if self.denied:
            return WRONG_USE
        return BAD_INPUT if self.refused or self.failed else 0


@app.command()
def produce(
    file: Annotated[Path, typer.Argument(help="JSON lines; - is standard input.", metavar="FILE")],
    rate: Annotated[float | None, typer.Option(min=0.001, help="Messages a second at most.")] = None,
    key: Annotated[Key, typer.Option(help="The key. With `none` lines are sent as they are, unread.")] = Key.ITEM_ID,
    topic: Annotated[str, typer.Option(help="A declared topic, without its prefix.")] = "content",
    as_json: Json = False,
) -> None:
    """Send each line of FILE as one message and report what was delivered.

    A line that is too large, or in which the key is not found, is refused with its number, the others are sent, and
    the exit status is 1. It is 3 where Kafka did not take a message within a minute.
    """
    if str(file) != "-" and not file.is_file():
        raise typer.BadParameter(f"{file} is not there or is no file")
    if topic not in (known := [each.name for each in TOPICS]):
        raise typer.BadParameter(f"no topic {topic!r}; known: {', '.join(known)}")
    settings = load()
    clients.probe(settings)
    name = settings.topic(topic)
    _must_exist(settings, name)
    producer = clients.producer(settings, **{"delivery.timeout.ms": DELIVERY_SECONDS * 1000})
    with ExitStack() as stack:
        source: BinaryIO = sys.stdin.buffer if str(file) == "-" else stack.enter_context(file.open("rb"))
        progress, bar = _progress(stack, file)
        sending = partial(_send_all, producer, name, source, settings.max_value_bytes, key, rate, progress, bar)
        report, interrupted = clients.call(settings, sending)
    _show(report, name, as_json=as_json)
    status = _INTERRUPTED if interrupted else report.status()
    if status:
        raise typer.Exit(status)


def _send_all(
    producer: Producer,
    topic: str,
    source: BinaryIO,
    limit: int,
    key: Key,
    rate: float | None,
    progress: Progress,
    bar: TaskID,
) -> tuple[Report, bool]:
    report = Report()
    interrupted = False
    started = time.monotonic()
    sent = 0
    try:
        for number, line, size in lines(source, limit):
            progress.advance(bar, size)
            if line is not None and not line.strip():
                continue
            found = f"larger than {limit} bytes" if line is None else key_of(line, key)
            if line is None or isinstance(found, str):
                report.refused += 1
                if report.refused <= _SHOWN_REFUSALS:
                    progress.console.print(f"line {number}: {found}", style="red", markup=False, highlight=False)
                continue
            if rate is not None:
                _wait(producer, started + sent / rate)
            _send(producer, topic, line, found[0], report)
            sent += 1
    except KeyboardInterrupt:
        interrupted = True
    if report.refused > _SHOWN_REFUSALS:
        progress.console.print(f"and {report.refused - _SHOWN_REFUSALS} more lines were refused", style="red")
    producer.flush(DELIVERY_SECONDS + 5)
    if (left := sent - report.delivered - report.failed.total()) > 0:
        report.failed["no answer"] += left
        report.unreachable = True
    report.seconds = round(time.monotonic() - started, 3)
    return report, interrupted


def lines(source: BinaryIO, limit: int) -> Iterator[tuple[int, bytes | None, int]]:
    """Number, bytes without the line's end, and size of each line; None for one that is longer than ``limit``.

    Never holds more than ``limit`` bytes of a line.
    """
    number = 0
    while line := source.readline(limit + 2):
        number += 1
        size = len(line)
        whole = line.endswith(b"\n")
        line = line.rstrip(b"\r\n") if whole else line
        while not whole and (more := source.readline(1 << 16)):
            size += len(more)
            whole = more.endswith(b"\n")
            # A carriage return may have been cut from its line feed.
            line = line.rstrip(b"\r") if more in (b"\n", b"\r\n") else line + b"?"
        yield number, line if len(line) <= limit else None, size


def key_of(line: bytes, key: Key) -> tuple[bytes | None] | str:
    """The key of a line in a tuple, or why there is none."""
    if key is Key.NONE:
        return (None,)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as problem:
        return f"not JSON: {problem}"
    found = value.get(key.value) if isinstance(value, dict) else None
    if not isinstance(found, str) or not found:
        return f"no {key.value} to be the key; choose another with --key, or none"
    try:
        return (found.encode(),)
    except UnicodeEncodeError:
        return f"{key.value} is not Unicode text"


def _send(producer: Producer, topic: str, value: bytes, key: bytes | None, report: Report) -> None:
    while True:
        try:
            producer.produce(topic, value, key, on_delivery=report.note)
        except BufferError:
            producer.poll(0.1)
        except KafkaException as problem:
            report.note(problem.args[0], None)
            return
        else:
            producer.poll(0)
            return


def _wait(producer: Producer, until: float) -> None:
    while (left := until - time.monotonic()) > 0:
        producer.poll(min(left, 0.1))


def _must_exist(settings: Settings, name: str) -> None:
    found = clients.admin(settings).list_topics(name, timeout=10).topics[name]
    if found.error is None:
        return
    if found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        problem = f"there is no topic {name}; `weir topics create` makes it"
        raise ConfigError("environment", "WEIR_TOPIC_PREFIX", problem)
    raise clients.translated(settings, found.error)


def _progress(stack: ExitStack, file: Path) -> tuple[Progress, TaskID]:
    """A bar on standard error; nothing where that is no terminal."""
    console = Console(stderr=True)
    columns = [TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()]
    progress = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
    size = file.stat().st_size if file.is_file() else None
    bar = progress.add_task(file.name, total=size)
    stack.enter_context(progress)
    return progress, bar


def _show(report: Report, topic: str, *, as_json: bool) -> None:
    if as_json:
        row = {
            "topic": topic,
            "delivered": report.delivered,
            "refused": report.refused,
            "failed": dict(report.failed),
        }
        typer.echo(json.dumps(row | {"seconds": report.seconds}))
        return
    table = Table("messages", "what became of them", box=None, pad_edge=False)
    table.add_row(str(report.delivered), f"delivered to {topic} in {report.seconds:.1f} s", style="green")
    for problem, count in report.failed.most_common():
        table.add_row(str(count), f"not delivered: {problem}", style="red")
    if report.refused:
        table.add_row(str(report.refused), "refused, see above", style="red")
    Console().print(table)
