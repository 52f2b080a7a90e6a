"""Which texts were already assessed under these versions. The cache holds scores, never a text."""

import logging
from collections.abc import Sequence
from typing import Protocol

import msgspec

from models.classifier import Hit
from stream_app.contracts.ids import digest
from stream_app.pipeline.types import Assessment
from stream_app.telemetry import facts

log = logging.getLogger(__name__)


class Cache(Protocol):
    """Bounded store of bytes; may forget anything at any time. Raises OSError when it is broken."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]: ...

    def put_many(self, entries: Sequence[tuple[bytes, bytes]]) -> None: ...


class _Stored(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of an assessment; positions are the format, so new ones go to the end with a default."""

    scores: dict[str, float]
    evidence: list[str]
    hits: list[tuple[str, str, int, int, int]]
    level: str
    language: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class Recall:
    """The decision cache under one set of artifact versions."""

    def __init__(self, cache: Cache, artifacts: dict[str, str]) -> None:
        self._cache = cache
        self._artifacts = artifacts
        self._versions = bytes.fromhex(digest("assessment.v1", sorted(artifacts.items())))[:8]

    def get_many(self, keys: Sequence[bytes]) -> list[Assessment | None]:
        """Earlier assessments of the texts with these content keys. A broken cache counts as empty."""
        try:
            found = self._cache.get_many([self._versions + key for key in keys])
        except Exception as error:  # noqa: BLE001 - a cache is never worth an item
            log.warning("the decision cache cannot be read", extra=facts(error=repr(error)[:200]))
            return [None] * len(keys)
        return [None if value is None else self._thaw(value) for value in found]

    def put_many(self, entries: Sequence[tuple[bytes, Assessment]]) -> None:
        """Remember whole assessments; degraded ones would outlive the trouble that made them."""
        kept = [(self._versions + key, _freeze(found)) for key, found in entries if not found.degraded]
        try:
            self._cache.put_many(kept)
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("the decision cache cannot be written", extra=facts(error=repr(error)[:200]))

    def _thaw(self, value: bytes) -> Assessment | None:
        try:
            stored = _decode(value)
        except msgspec.DecodeError:
            return None
        return Assessment(
            scores=stored.scores,
            evidence=frozenset(stored.evidence),
            hits=tuple(Hit(*hit) for hit in stored.hits),
            level=stored.level,
            language=stored.language,
            artifacts=self._artifacts,
            cached=True,
        )


def _freeze(found: Assessment) -> bytes:
    hits = [(hit.label, hit.name, hit.severity, hit.start, hit.end) for hit in found.hits]
    return _encode(_Stored(found.scores, sorted(found.evidence), hits, found.level, found.language))
