import time
from typing import Any

from sqlalchemy import Connection, event

from human_review.database.engine import now_ms
from human_review.service import Service


def times(connection: Connection) -> list[int]:
    found = [now_ms(connection)]
    time.sleep(0.05)
    return [*found, now_ms(connection)]


def test_the_clock_runs_on_within_a_transaction(service: Service) -> None:
    with service.database.read() as connection:
        first, second = times(connection)
    assert 50 <= second - first < 5000


def test_what_begins_after_a_commit_is_not_earlier(service: Service) -> None:
    for _ in range(20):
        with service.database.write() as connection:
            last = now_ms(connection)
        with service.database.read() as connection:
            assert now_ms(connection) >= last


def test_a_transaction_asks_the_database_at_most_once(service: Service) -> None:
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(service.database.engine, "before_cursor_execute", note)
    for _ in range(2):
        with service.database.read() as connection:
            times(connection)
    assert sum("clock_timestamp" in statement for statement in asked) == (0 if service.database.is_sqlite else 2)


def test_it_is_the_databases_clock(service: Service, monkeypatch: Any) -> None:
    ours = time.time()
    if not service.database.is_sqlite:
        monkeypatch.setattr(time, "time", lambda: ours + 3600)
        monkeypatch.setattr(time, "time_ns", lambda: int((ours + 3600) * 1e9))
    with service.database.read() as connection:
        assert abs(now_ms(connection) / 1000 - ours) < 60
