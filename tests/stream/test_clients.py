from typing import Any

import pytest

from stream_app.adapters import clients
from stream_app.settings import load


@pytest.mark.parametrize("seconds", [1, 2, 10, 300])
def test_a_consumer_gives_several_signs_of_life_within_a_session(
    seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr(clients, "Consumer", lambda config, **_: made.update(config))
    clients.consumer(load().model_copy(update={"session_timeout_seconds": seconds}))
    assert 100 <= made["heartbeat.interval.ms"] * 3 <= made["session.timeout.ms"]
