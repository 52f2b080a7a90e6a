"""Decides numbered lines without Kafka, in this process or shared between several, in the order of the lines."""

import multiprocessing
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self
from zlib import crc32

import msgspec

from stream_app.adapters.memory import MemoryLedger
from stream_app.contracts.origin import Origin
from stream_app.contracts.topics import DECISIONS
from stream_app.pipeline.moderate import Moderator
from stream_app.pipeline.outcome import Outcome
from stream_app.pipeline.types import RawMessage

Line = tuple[int, bytes]


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What a line led to: a decision, an error, or (a deletion) neither."""

    number: int
    decision: bytes | None = None
    error: str | None = None


class Decider:
    """The path with a ledger in memory: repeats and edits are answered as in the stream."""

    def __init__(self, moderator: Moderator, *, as_text: bool) -> None:
        self._moderator = moderator
        self._as_text = as_text
        self._ledger = MemoryLedger()

    def decide(self, lines: list[Line]) -> list[Answer]:
        """One answer a line, in order."""
        outcomes = self._moderator.moderate([self._message(line) for line in lines], self._ledger.lookup)
        for outcome in outcomes:
            if outcome.entry is not None:
                self._ledger.write((0, outcome.entry[0]), outcome.entry[1])
        return [_answer(line[0], outcome) for line, outcome in zip(lines, outcomes, strict=True)]

    def _message(self, line: Line) -> RawMessage:
        number, value = line
        if self._as_text:
            value = msgspec.json.encode({"item_id": f"line-{number}", "text": value.decode(errors="replace")})
        return RawMessage(Origin(topic="", partition=0, offset=number), None, value, ())


class Sharded:
    """Several processes with a copy of one decider each. An item's lines all go to the same one, for its history."""

    def __init__(self, decider: Decider, processes: int) -> None:
        self._decider = decider
        self._processes = processes
        # A fork shares what is loaded; nothing runs in threads yet.
        self._context = multiprocessing.get_context("fork")
        self._ends: list[Connection] = []

    def __enter__(self) -> Self:
        for _ in range(self._processes):
            ours, theirs = self._context.Pipe()
            self._context.Process(target=_serve, args=(theirs, self._decider), daemon=True).start()
            theirs.close()
            self._ends.append(ours)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for end in self._ends:
            end.close()

    def decide(self, lines: list[Line]) -> list[Answer]:
        """One answer a line, in order."""
        shares: list[list[Line]] = [[] for _ in self._ends]
        for line in lines:
            shares[_shard(line[1], len(shares))].append(line)
        for end, share in zip(self._ends, shares, strict=True):
            end.send_bytes(msgspec.msgpack.encode(share))
        answers = [answer for end in self._ends for answer in _decode_answers(end.recv_bytes())]
        return sorted(answers, key=lambda answer: answer.number)


class _Id(msgspec.Struct):
    item_id: str = ""


_id_of = msgspec.json.Decoder(_Id).decode
_decode_lines = msgspec.msgpack.Decoder(list[Line]).decode
_decode_answers = msgspec.msgpack.Decoder(list[Answer]).decode


def _shard(line: bytes, count: int) -> int:
    try:
        return crc32(_id_of(line).item_id.encode("utf-8", "surrogatepass")) % count
    except (msgspec.DecodeError, UnicodeDecodeError):
        return crc32(line) % count  # a text, or a line that will be refused


def _serve(end: Connection, decider: Decider) -> None:
    while True:
        try:
            share = end.recv_bytes()
        except EOFError:
            return
        end.send_bytes(msgspec.msgpack.encode(decider.decide(_decode_lines(share))))


def _answer(number: int, outcome: Outcome) -> Answer:
    """Of a late version the decision is its own, which comes before the effective one."""
    if outcome.kind == "buried":
        error = str(msgspec.json.decode(outcome.records[0].value or b"{}").get("error", outcome.reason))
        return Answer(number, error="".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in error))
    return Answer(number, next((record.value for record in outcome.records if record.topic is DECISIONS), None))
