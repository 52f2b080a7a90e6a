import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from human_review.service import Service
from human_review.testing import Postgres, make_service


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
