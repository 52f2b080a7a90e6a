"""The database: SQLite with a write-ahead log by default, PostgreSQL where ``WEIR_DATABASE_URL`` says so."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from human_review.database.turns import Turns
from stream_app.errors import ConfigError

_BUSY_MS = 20_000
_POOL = 20
_AWAY = {"connect_timeout": 5, "tcp_user_timeout": 30_000}  # s, ms: a server that is silent is gone (libpq)
_WRITES = "weir_writes"
_ASKED = "weir_asked"  # what time it was when this transaction first asked
_ITS_TIME = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")


class Database:
    """One database. ``read`` and ``write`` give a connection in a transaction that ends with the block.

    ``write`` takes SQLite's write lock at once, so that what is read inside it stays true until the end; on
    PostgreSQL rows are locked by the statements themselves (``for_update``).
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = Turns() if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that writes nothing."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; committed at the end of the block, rolled back where it raises."""
        with self._turn, self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def now_ms(connection: Connection) -> int:
    """Milliseconds since the epoch by the database's clock: the only one that leases and sessions go by.

    PostgreSQL is asked once a transaction; from then on our own clock counts what has passed since its answer came.
    So the time never runs ahead, and what begins after a commit is later than all that was committed.
    """
    if connection.dialect.name == "sqlite":
        return time.time_ns() // 1_000_000
    asked = connection.info.get(_ASKED)
    if asked is None:
        told = int(connection.execute(_ITS_TIME).scalar_one())
        asked = connection.info[_ASKED] = (told, time.monotonic_ns())
    told, since = asked
    return int(told + (time.monotonic_ns() - since) // 1_000_000)


def default_url(data_dir: Path) -> str:
    """Where the database lies if no setting says so; the folder is made."""
    folder = data_dir / "review"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return f"sqlite:///{folder / 'review.db'}"


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as problem:
        raise ConfigError("environment", "WEIR_DATABASE_URL", "is no database address") from problem
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(
            parsed, pool_size=_POOL, max_overflow=_POOL, pool_pre_ping=True, pool_recycle=1800, connect_args=_AWAY
        )
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    if parsed.get_backend_name() != "sqlite":
        raise ConfigError("environment", "WEIR_DATABASE_URL", "must begin with sqlite:/// or postgresql://")
    engine = create_engine(
        parsed, pool_size=_POOL, connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON",
                   f"busy_timeout={_BUSY_MS}"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    connection.info.pop(_ASKED, None)
