"""The decision ledger of one partition: which decision is in force for each item. The disk copy is disposable.

The truth is the compacted topic ``decisions``; this is its local view in RocksDB (rocksdict), so that an item is
looked up in microseconds. Entries are the topic's values byte for byte, so that restoring them decodes nothing. With
them stands the offset up to which the topic has been taken in, written in the same batch.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rocksdict import AccessType, DBCompressionType, Options, Rdict, WriteBatch

from stream_app.adapters.disk import wipe
from stream_app.telemetry import facts

log = logging.getLogger(__name__)

# Item ids hold no control characters, so these keys can be no item's.
_STATE = b"\x00state"
_STEP = b"\x00step-%d"
# More writes than RocksDB's logs can hold; older ones are in tables, which it checks for itself.
STEPS = 20_000
_DAY_SECONDS = 86_400


class DiskLedger:
    """Entries by item id. One writer; every method blocks, so it is used off the event loop.

    A store that cannot be opened is deleted and starts empty: it is restored from the topic. So is one in which a
    write is missing: RocksDB opens without a word after some damage (a cut MANIFEST, an emptied log), with the newest
    writes and without older ones. Every write therefore leaves a numbered step, and all recent steps must be there.
    """

    next_offset: int
    _step: int

    def __init__(self, folder: Path, *, retention_days: int) -> None:
        self._folder = folder
        self._seconds = retention_days * _DAY_SECONDS
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
        except Exception as error:  # noqa: BLE001 - rocksdict raises bare Exception for every kind of damage
            log.warning("a damaged ledger is rebuilt", extra=facts(folder=str(folder), error=repr(error)[:200]))
            self.clear()

    def _open(self) -> None:
        self._db = Rdict(str(self._folder), _options(), access_type=AccessType.with_ttl(self._seconds))
        stored = self._db.get(_STATE)
        self.next_offset, self._step = (0, 0) if stored is None else map(int, stored.split())
        recent = range(max(0, self._step - STEPS), self._step)
        if recent and None in (self._db.get([_STEP % step for step in recent]) or ()):
            raise OSError("some writes are missing")

    def get_many(self, item_ids: Sequence[str]) -> list[bytes | None]:
        """The entries in the order of the ids; None where there is none."""
        if not item_ids:
            return []
        with self._or_wiped():
            return list(self._db.get([item_id.encode() for item_id in item_ids]) or ())

    def write(self, entries: Iterable[tuple[bytes, bytes | None]], *, next_offset: int) -> None:
        """Store entries (None forgets one) and the offset of the topic that follows them, all or nothing."""
        batch = WriteBatch(raw_mode=True)
        for key, value in entries:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(_STEP % self._step, b"")
        batch.delete(_STEP % (self._step - STEPS - 1))
        batch.put(_STATE, b"%d %d" % (next_offset, self._step + 1))
        with self._or_wiped():
            self._db.write(batch)
        self.next_offset = next_offset
        self._step += 1

    @contextmanager
    def _or_wiped(self) -> Iterator[None]:
        """Damage may show itself only when a block is read. The process ends then, and the next one restores."""
        try:
            yield
        except Exception as error:
            log.critical(
                "the ledger is damaged and deleted", extra=facts(folder=str(self._folder), error=repr(error))
            )
            self.close()
            wipe(self._folder)
            raise

    def clear(self) -> None:
        """Forget everything and start empty."""
        self.close()
        wipe(self._folder)
        self._open()

    def close(self) -> None:
        """Release the files; a second call does nothing."""
        db = getattr(self, "_db", None)
        if db is not None:
            db.close()
            del self._db


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(8 * 2**20)  # a worker may own many partitions
    options.set_max_background_jobs(2)
    options.set_compression_type(DBCompressionType.lz4())
    options.optimize_for_point_lookup(8)
    return options
