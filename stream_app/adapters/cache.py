"""The decision cache: assessments by content key, in RocksDB (rocksdict), bounded by size, disposable."""

from collections.abc import Sequence
from pathlib import Path

from rocksdict import DBCompactionStyle, FifoCompactOptions, Options, Rdict, WriteBatch

from stream_app.adapters.disk import wipe


class DiskCache:
    """Keeps what was written last; the oldest files go when ``max_bytes`` is passed."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_write_buffer_size(max(2**20, min(16 * 2**20, max_bytes // 8)))
        options.set_compaction_style(DBCompactionStyle.fifo())
        fifo = FifoCompactOptions()
        fifo.max_table_files_size = max_bytes
        options.set_fifo_compaction_options(fifo)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = Rdict(str(folder), options)
        except Exception:  # noqa: BLE001 - rocksdict raises bare Exception; whatever it is, the files are disposable
            wipe(folder)
            self._db = Rdict(str(folder), options)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values in the order of the keys; None where there is none (any more)."""
        return list(self._db.get(list(keys)) or ()) if keys else []

    def put_many(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Remember values."""
        if not entries:
            return
        batch = WriteBatch(raw_mode=True)
        for key, value in entries:
            batch.put(key, value)
        self._db.write(batch)

    def close(self) -> None:
        """Release the files."""
        self._db.close()
