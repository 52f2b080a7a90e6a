"""What an erased row leaves behind in the database's files, and how it goes.

SQLite overwrites what it deletes, and has earlier pages in its log until a checkpoint. PostgreSQL leaves the old row
where it was: a plain VACUUM only gives its place free. The table is written anew, without it.
"""

import time
from contextlib import closing

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from human_review.database.tables import items
from human_review.service import Service

_LOCK_MS = 300  # everybody waits behind whoever waits for the whole table
_PATIENCE_SECONDS = 2.0
_PAUSE_SECONDS = 0.05
_LOCKED = "55P03"  # PostgreSQL, appendix A of its manual: lock_not_available

# The rewrite keeps what a transaction that began before it might still look at.
_OLDER = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND (age(backend_xmin) > age(CAST(:mark AS xid)) OR age(backend_xid) > age(CAST(:mark AS xid)))"
)


def checkpoint(service: Service) -> bool:
    """Leave nothing of erased keys in the database's own files; whether that went.

    False where others were in the way; the next one does it. It waits a moment at most, since others would wait
    behind it. PostgreSQL's write-ahead log is not within reach: its segments go with their own retention.
    """
    return _truncate(service) if service.database.is_sqlite else _rewrite(service)


def _truncate(service: Service) -> bool:
    """Bring SQLite's log into its database and empty it."""
    raw = service.database.engine.raw_connection()
    raw.detach()  # closed at the end: a connection without patience must not come back to the pool
    with closing(raw):
        raw.cursor().execute("PRAGMA busy_timeout=0")
        [busy, _, _] = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


def _rewrite(service: Service) -> bool:
    """Write the table that held the keys anew."""
    with service.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # as above
        connection.exec_driver_sql(f"SET lock_timeout = {_LOCK_MS}")
        if not _is_past(connection):
            return False
        try:
            connection.exec_driver_sql(f"VACUUM (FULL) {items.name}")
        except OperationalError as problem:
            if getattr(problem.orig, "sqlstate", None) != _LOCKED:
                raise
            return False
        return True


def _is_past(connection: Connection) -> bool:
    """Wait for those who might still look at what was there before now; whether they are gone."""
    mark = connection.execute(text("SELECT pg_current_xact_id()::xid::text")).scalar_one()
    end = time.monotonic() + _PATIENCE_SECONDS
    while connection.execute(_OLDER, {"mark": mark}).scalar_one():
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
