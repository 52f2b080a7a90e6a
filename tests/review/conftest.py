import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from human_review.service import Service
from human_review.testing import Postgres, make_service
from human_review.testing_browser import chromium, serving
from human_review.testing_hostile import CONFIG, Site
from stream_app.testing_kafka import free_ports


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        server = Postgres()
    except RuntimeError as problem:
        if os.environ.get("WEIR_TEST_NO_SKIPS"):
            raise
        pytest.skip(str(problem))
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Makes services on both databases: ``new_service(config="…", **settings)``."""
    made: list[Service] = []

    def make(**over: Any) -> Service:
        url = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else None
        folder = tmp_path / f"service-{len(made)}"
        folder.mkdir()
        made.append(make_service(folder, url, **over))
        return made[-1]

    yield make
    for service in made:
        service.database.close()


@pytest.fixture
def service(new_service: Callable[..., Service]) -> Service:
    """A service with the shipped configuration, on SQLite and on PostgreSQL."""
    return new_service()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service that a real Chromium visits, one for all tests of a file, for what attackers write."""
    [port] = free_ports(1)
    service = make_service(tmp_path_factory.mktemp("hostile"), config=CONFIG, review_bind=f"127.0.0.1:{port}")
    with serving(service) as url, chromium() as browser:
        yield Site(service, url, browser)
    service.database.close()
