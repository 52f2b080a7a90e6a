"""What the pages say, and that every metric is declared, documented and bounded."""

import time
import urllib.error
import urllib.request

import pytest

from stream_app.adapters import health
from stream_app.adapters.progress import Progress
from stream_app.adapters.watch import EXIT_STALLED, Watch
from stream_app.contracts.metrics import DEAD_LETTERS, METRICS, STAGE_SECONDS
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry
from stream_app.testing_kafka import free_ports


def test_a_worker_that_gets_on_is_healthy_and_one_that_stands_still_is_not():
    progress = Progress()
    assert health.health(progress, 60)[0] == 200
    progress.waiting_since = progress.beat_at = time.monotonic() - 31
    assert health.health(progress, 60) == (503, {"status": "stalled", "idle_seconds": 31.0})
    progress.beat()
    assert health.health(progress, 60)[0] == 200


def test_nothing_to_do_is_not_standing_still():
    progress = Progress(beat_at=time.monotonic() - 1000)
    assert health.health(progress, 60)[0] == 200


def test_a_halted_worker_says_why():
    assert health.health(Progress(halted="too much"), 60) == (503, {"status": "halted", "why": "too much"})


def test_ready_means_assigned_and_not_stopping():
    progress = Progress()
    assert health.ready(progress)[0] == 503
    progress.was_assigned = True
    assert health.ready(progress)[0] == 200
    progress.stopping = True
    assert health.ready(progress)[0] == 503


def test_the_watch_ends_a_worker_that_stands_still_while_work_waits():
    progress, left = Progress(), []
    watch = Watch(Settings(stall_seconds=60), progress, Telemetry(), leave=left.append)
    watch.judge(waiting=5)
    assert left == []
    progress.waiting_since = progress.beat_at = time.monotonic() - 61
    watch.judge(waiting=5)
    assert left == [EXIT_STALLED]


def test_the_watch_leaves_an_idle_and_a_halted_worker_alone():
    progress, left = Progress(beat_at=time.monotonic() - 1000), []
    watch = Watch(Settings(stall_seconds=60), progress, Telemetry(), leave=left.append)
    watch.judge(waiting=0)
    progress.halted = "flood"
    progress.waiting_since = time.monotonic() - 1000
    watch.judge(waiting=9)
    assert left == []


@pytest.fixture
def served():
    settings = Settings(metrics_port=free_ports(1)[0])
    progress, telemetry = Progress(), Telemetry()
    server = health.serve(settings, progress, telemetry)
    yield f"http://127.0.0.1:{settings.metrics_port}", progress, telemetry
    server.shutdown()
    server.server_close()


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_pages_answer(served):
    url, progress, telemetry = served
    telemetry.count(DEAD_LETTERS, "json")
    status, body = get(f"{url}/metrics")
    assert status == 200
    assert 'weir_dead_letters_total{reason="json"} 1.0' in body
    assert get(f"{url}/healthz")[0] == 200
    assert get(f"{url}/readyz")[0] == 503
    progress.was_assigned = True
    assert get(f"{url}/readyz")[0] == 200
    assert get(f"{url}/etc/passwd")[0] == 404


def test_port_zero_serves_nothing():
    assert health.serve(Settings(metrics_port=0), Progress(), Telemetry()) is None


def test_metric_names_are_unique_and_end_with_their_unit():
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert metric.name.startswith("weir_")
        assert (metric.kind == "counter") == metric.name.endswith("_total")
        assert metric.help.endswith(".") or metric.help.endswith("somebody.")


def test_a_stage_is_timed_on_the_clock_that_is_passed_in():
    ticks = iter([1.0, 3.5])
    telemetry = Telemetry(now=lambda: next(ticks))
    with telemetry.stage("decode"):
        pass
    assert telemetry.registry.get_sample_value(f"{STAGE_SECONDS.name}_sum", {"stage": "decode"}) == 2.5
