"""A topic full of unreadable messages stops the worker instead of being drained into dead letters."""

import json
import time
import urllib.error
import urllib.request

import pytest

from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.topics import CONTENT, DEAD_LETTERS
from stream_app.settings import Settings
from stream_app.testing_checker import report
from stream_app.testing_faults import Crew
from stream_app.testing_kafka import free_ports, lag, produce, read, wait_until, watermarks

pytestmark = pytest.mark.broker

WINDOW = 100
LIMIT = 0.2
SHUTDOWN_SECONDS = 3


@pytest.fixture
def flooded(faulty: Settings, crew: Crew) -> Settings:
    settings = faulty.model_copy(
        update={
            "poison_window": WINDOW,
            "poison_limit": LIMIT,
            "shutdown_seconds": SHUTDOWN_SECONDS,
            "metrics_port": free_ports(1)[0],
        }
    )
    crew.settings = settings
    return settings


def page(settings: Settings, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.metrics_port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def metric(settings: Settings, name: str) -> float:
    lines = page(settings, "/metrics")[1].splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def item(number: int) -> tuple[str, bytes]:
    return f"i{number}", codec.encode(ContentItem(item_id=f"i{number}", text=f"A quiet evening, number {number}."))


def test_a_flood_halts_the_worker_and_keeps_its_partitions(flooded: Settings, crew: Crew) -> None:
    settings = flooded
    produce(settings, CONTENT, [(f"p{n}", b"{broken") for n in range(3000)])
    worker = crew.start()
    wait_until(lambda: page(settings, "/healthz")[0] == 503, 60, "a halt")
    assert json.loads(page(settings, "/healthz")[1])["status"] == "halted"
    assert metric(settings, "weir_halted") == 1
    time.sleep(1)  # what was acknowledged before the flood was noticed is committed by now
    left = lag(settings, CONTENT)
    time.sleep(4)  # longer than the session: it must stay in its group
    letters = len(read(settings, DEAD_LETTERS))
    partitions = len(watermarks(settings, CONTENT))
    report("flood", sent=3000, buried=letters, waiting=lag(settings, CONTENT))
    assert letters <= LIMIT * WINDOW * partitions
    assert lag(settings, CONTENT) == left >= 3000 - letters
    assert json.loads(page(settings, "/readyz")[1])["partitions"] == list(range(partitions))
    assert worker.status is None
    started = time.monotonic()
    worker.stop(SHUTDOWN_SECONDS + 5)
    assert time.monotonic() - started < SHUTDOWN_SECONDS + 4
    assert lag(settings, CONTENT) == left


def test_one_in_a_hundred_halts_nothing(flooded: Settings, crew: Crew) -> None:
    settings = flooded
    produce(settings, CONTENT, [item(n) if n % 100 else (f"p{n}", b"{broken") for n in range(1500)])
    crew.start()
    crew.drained(60)
    assert metric(settings, "weir_halted") == 0
    assert page(settings, "/healthz")[0] == 200
    assert len(read(settings, DEAD_LETTERS)) == 15
