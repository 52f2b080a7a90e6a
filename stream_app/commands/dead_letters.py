"""``weir dead-letters``: look at what could not be decided, and send it again."""

import base64
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from unicodedata import category

import msgspec
import typer
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stream_app.adapters import clients
from stream_app.adapters.admin import dead_letters_group
from stream_app.adapters.whole_topic import messages_of
from stream_app.commands.topics import BAD_INPUT, UNREACHABLE, Json
from stream_app.contracts import codec
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.topics import DEAD_LETTERS, TOPICS
from stream_app.errors import BadMessage, Unreachable
from stream_app.pipeline.dead_letter import ATTEMPTS_HEADER
from stream_app.settings import Settings, load

_SECONDS = 30.0
_MAX_BYTES = 100 * 2**20
_KEY_CHARS = 40
_VALUE_FIELDS = ("value_base64", "head_base64", "key_base64")
# Said by the worker about its own message, not part of the original.
_OWN_HEADERS = ("weir-schema", ATTEMPTS_HEADER)
_AGE = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")

app = typer.Typer(no_args_is_help=True, help="Show what could not be decided, or send it again.")

Reasons = Annotated[list[str] | None, typer.Option("--reason", help="Only with this reason; may be repeated.")]
Origins = Annotated[list[str] | None, typer.Option("--topic", help="Only read from this topic; may be repeated.")]
Since = Annotated[str | None, typer.Option(help="Only failed since then: 90m, 2h, 7d, or 2026-01-31T12:00Z.")]
At = Annotated[list[str] | None, typer.Option("--at", help="Only the one at PARTITION:OFFSET; may be repeated.")]


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter with where it is. ``key`` is the original key, ``headers`` those of the dead letter."""

    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    content: DeadLetter

    @property
    def at(self) -> str:
        """Where it is, as ``--at`` takes it."""
        return f"{self.partition}:{self.offset}"

    @property
    def reason(self) -> str:
        """Why it is here."""
        return self.content.error.partition(":")[0]


Filter = Callable[[Letter], bool]


@app.command()
def show(
    reason: Reasons = None,
    topic: Origins = None,
    since: Since = None,
    at: At = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
    reveal: Annotated[bool, typer.Option("--reveal", help="Also print the text of the messages.")] = False,
    as_json: Json = False,
) -> None:
    """Show dead letters, the newest last, without their text unless asked for.

    Characters that a terminal would act on, or that cannot be seen, are printed as ``\\u{…}``.
    """
    settings = load()
    wanted = _filter(settings, reason, topic, since, at)
    newest: deque[Letter] = deque(maxlen=limit)
    reasons: Counter[str] = Counter()
    unreadable: list[str] = []
    for letter in _letters(settings, unreadable):
        if wanted(letter):
            reasons[letter.reason] += 1
            newest.append(letter)
            if len(newest) == limit:
                newest = deque(sorted(newest, key=_age), maxlen=limit)
    letters = sorted(newest, key=_age)
    if as_json:
        for letter in letters:
            typer.echo(json.dumps(_row(letter, reveal=reveal)))
    else:
        _print(letters, reasons, reveal=reveal)
    _finish(unreadable)


@app.command()
def replay(
    reason: Reasons = None,
    topic: Origins = None,
    since: Since = None,
    at: At = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    as_json: Json = False,
) -> None:
    """Send dead letters again: the original key and bytes, to the topic and partition where they were read.

    Takes what is there at the start. The header ``weir-attempts`` counts how often a message was tried. A value that
    was too large to travel is read again from where it was; exits with status 1 where that is no longer possible.
    """
    settings = load()
    wanted = _filter(settings, reason, topic, since, at)
    outcomes = clients.call(settings, lambda: _replay(settings, wanted, dry_run=dry_run))
    failed = [outcome for outcome in outcomes if outcome.problem]
    if as_json:
        for outcome in outcomes:
            typer.echo(json.dumps(outcome.row(dry_run=dry_run)))
    else:
        _print_outcomes(outcomes, dry_run=dry_run)
    if any(outcome.unreachable for outcome in failed):
        raise typer.Exit(UNREACHABLE)
    _finish([outcome.problem for outcome in failed if not outcome.origin])
    if failed:
        raise typer.Exit(BAD_INPUT)


@dataclass(slots=True)
class _Outcome:
    """What became of one selected dead letter; an unreadable one has no ``origin``."""

    at: str
    origin: str = ""
    reason: str = ""
    attempts: int = 0
    problem: str = ""
    unreachable: bool = False

    def note(self, problem: KafkaError | None, _: object) -> None:
        if problem is not None:
            self.problem = problem.str()
            self.unreachable = problem.code() in (KafkaError._MSG_TIMED_OUT, KafkaError._TRANSPORT)

    def row(self, *, dry_run: bool) -> dict[str, object]:
        outcome = "failed" if self.problem else "would be sent" if dry_run else "sent"
        row = {"at": self.at, "origin": self.origin, "reason": self.reason, "attempts": self.attempts}
        return row | {"outcome": outcome, "problem": self.problem or None}


def _replay(settings: Settings, wanted: Filter, *, dry_run: bool) -> list[_Outcome]:
    outcomes: list[_Outcome] = []
    unreadable: list[str] = []
    over = {"delivery.timeout.ms": 60_000, "message.max.bytes": _MAX_BYTES}
    producer = None if dry_run else clients.producer(settings, **over)
    known = {settings.topic(each) for each in TOPICS if each is not DEAD_LETTERS}
    for letter in _letters(settings, unreadable):
        if not wanted(letter):
            continue
        content = letter.content
        origin = f"{content.topic} {content.partition}:{content.offset}"
        outcome = _Outcome(letter.at, origin, letter.reason, content.attempts)
        outcomes.append(outcome)
        if content.topic not in known:
            outcome.problem = f"{content.topic} is no topic of this system"
            continue
        try:
            value = _original(settings, content)
        except LookupError as problem:
            outcome.problem = str(problem)
            continue
        if producer is not None:
            _send(producer, letter, value, outcome)
    if producer is not None and producer.flush(65):
        raise Unreachable(f"Kafka at {settings.kafka_bootstrap} did not take all messages within 65 s")
    return outcomes + [_Outcome("", problem=line) for line in unreadable]


def _send(producer: Producer, letter: Letter, value: bytes | None, outcome: _Outcome) -> None:
    headers: list[tuple[str, str | bytes | None]] = [
        (name, text) for name, text in letter.headers if name not in _OWN_HEADERS
    ]
    headers.append((ATTEMPTS_HEADER, str(letter.content.attempts).encode()))
    content = letter.content
    while True:
        try:
            producer.produce(
                content.topic, value, letter.key, content.partition, headers=headers, on_delivery=outcome.note
            )
        except BufferError:
            producer.poll(0.1)
        except KafkaException as problem:
            outcome.note(problem.args[0], None)
            return
        else:
            producer.poll(0)
            return


def _original(settings: Settings, content: DeadLetter) -> bytes | None:
    """The original value, byte for byte. Raises LookupError where it is gone."""
    if content.value_base64 is not None:
        return base64.b64decode(content.value_base64)
    if content.value_sha256 is None:
        return None
    over = {"enable.partition.eof": True, "fetch.message.max.bytes": _MAX_BYTES, "receive.message.max.bytes": 10**9}
    with closing(clients.consumer(settings, dead_letters_group(settings), **over)) as consumer:
        place = TopicPartition(content.topic, content.partition, content.offset)
        try:
            first, end = consumer.get_watermark_offsets(place, _SECONDS)
        except KafkaException as problem:
            raise LookupError(f"the original cannot be read: {problem.args[0].str()}") from problem
        if not first <= content.offset < end:
            raise LookupError(f"the original is gone: {content.topic} {content.partition} starts at {first} now")
        consumer.assign([place])
        for message in consumer.consume(1, _SECONDS):
            if message.error() is None and message.offset() == content.offset:
                value: bytes = message.value() or b""
                if sha256(value).hexdigest() == content.value_sha256:
                    return value
    raise LookupError("the original is gone: something else is at its offset")


def _filter(
    settings: Settings, reasons: list[str] | None, topics: list[str] | None, since: str | None, at: list[str] | None
) -> Filter:
    names = None if not topics else {name for each in topics for name in (each, settings.topic(each))}
    start = None if since is None else parse_since(since, now=datetime.now(UTC))

    def wanted(letter: Letter) -> bool:
        return (
            (not reasons or letter.reason in reasons)
            and (names is None or letter.content.topic in names)
            and (start is None or letter.content.failed_at >= start)
            and (not at or letter.at in at)
        )

    return wanted


def parse_since(since: str, *, now: datetime) -> datetime:
    """A moment in UTC from an age (``90m``) or a date with or without a time."""
    if age := _AGE.fullmatch(since):
        return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as problem:
        raise typer.BadParameter(f"--since {since!r} is neither an age like 90m, 2h, 7d nor a date") from problem
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _letters(settings: Settings, unreadable: list[str]) -> Iterator[Letter]:
    """Every dead letter that is there now; what is none is named in ``unreadable``."""
    for message in messages_of(settings, DEAD_LETTERS, dead_letters_group(settings)):
        yield from _letter(message, unreadable)


def _letter(message: Any, unreadable: list[str]) -> Iterator[Letter]:
    try:
        content = codec.decode(message.value(), DeadLetter)
    except BadMessage as problem:
        unreadable.append(f"{message.partition()}:{message.offset()} is no dead letter: {problem.detail}")
        return
    yield Letter(message.partition(), message.offset(), message.key(), tuple(message.headers() or ()), content)


def _age(letter: Letter) -> tuple[datetime, int, int]:
    return letter.content.failed_at, letter.partition, letter.offset


def escaped(text: str) -> str:
    """Text with every character that a terminal would act on, or that cannot be seen, written as ``\\u{…}``."""
    return "".join(
        f"\\u{{{ord(char):x}}}" if category(char) in _INVISIBLE else "\\\\" if char == "\\" else char for char in text
    )


def _row(letter: Letter, *, reveal: bool) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(letter.content)
    hidden = () if reveal else _VALUE_FIELDS
    shown = {name: value for name, value in fields.items() if name not in hidden}
    return {"at": letter.at, "reason": letter.reason} | shown


def _print(letters: list[Letter], reasons: Counter[str], *, reveal: bool) -> None:
    console = Console()
    if not letters:
        console.print("no dead letters")
        return
    table = Table("at", "failed", "reason", "read from", "key", "tries", "bytes", "what", box=None, pad_edge=False)
    for letter in letters:
        content = letter.content
        origin = f"{content.topic} {content.partition}:{content.offset}"
        key = escaped(content.key or "")
        cells = [
            letter.at, content.failed_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), escaped(letter.reason),
            escaped(origin), key if len(key) <= _KEY_CHARS else key[: _KEY_CHARS - 1] + "…", str(content.attempts),
            str(content.value_bytes), escaped(f"{content.stage}: {content.error.partition(': ')[2]}"),
        ]  # fmt: skip
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    if reveal:
        for letter in letters:
            console.print(Text(f"{letter.at} {_revealed(letter.content)}"), soft_wrap=True)
    total = ", ".join(f"{escaped(reason)} {count}" for reason, count in reasons.most_common())
    console.print(Text(f"{len(letters)} of {reasons.total()} shown; by reason: {total}"))


def _revealed(content: DeadLetter) -> str:
    if content.value_base64 is not None:
        return escaped(base64.b64decode(content.value_base64).decode(errors="backslashreplace"))
    if content.head_base64 is not None:
        head = base64.b64decode(content.head_base64).decode(errors="backslashreplace")
        return f"{escaped(head)} … ({content.value_bytes} bytes in all)"
    return "(null)"


def _print_outcomes(outcomes: list[_Outcome], *, dry_run: bool) -> None:
    console = Console()
    table = Table("at", "to", "reason", "attempts", "outcome", box=None, pad_edge=False)
    for outcome in outcomes:
        if outcome.origin:
            said = outcome.problem or ("would be sent" if dry_run else "sent")
            cells = [outcome.at, outcome.origin, outcome.reason, str(outcome.attempts), said]
            table.add_row(*(Text(escaped(cell)) for cell in cells), style="red" if outcome.problem else None)
    if table.row_count:
        console.print(table)
    good = sum(1 for outcome in outcomes if not outcome.problem)
    console.print(f"{good} {'would be sent' if dry_run else 'sent'}, {len(outcomes) - good} failed")


def _finish(unreadable: list[str]) -> None:
    for line in unreadable[:20]:
        typer.echo(f"weir: {escaped(line)}", err=True)
    if unreadable:
        raise typer.Exit(BAD_INPUT)
