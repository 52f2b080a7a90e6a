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

# Item ids hold no control characters, so this key can be no item's.
_NEXT_OFFSET = b"\x00next-offset"
_DAY_SECONDS = 86_400


class DiskLedger:
    """Entries by item id. One writer; every method blocks, so it is used off the event loop.

    A store that cannot be opened is deleted and starts empty: it is restored from the topic.
    """

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
        stored = self._db.get(_NEXT_OFFSET)
        self.next_offset: int = 0 if stored is None else int(stored)

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
        batch.put(_NEXT_OFFSET, b"%d" % next_offset)
        with self._or_wiped():
            self._db.write(batch)
        self.next_offset = next_offset

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
