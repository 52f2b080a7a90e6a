from collections.abc import Callable

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from human_review.database.migrate import config, upgrade
from human_review.database.tables import metadata
from human_review.service import Service
from stream_app.errors import ConfigError


@pytest.fixture
def empty(new_service: Callable[..., Service]) -> Service:
    service = new_service()
    metadata.drop_all(service.database.engine)
    return service


def test_an_upgrade_makes_exactly_the_tables_that_are_declared(empty: Service) -> None:
    upgrade(empty.database)
    with empty.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_second_upgrade_changes_nothing(empty: Service) -> None:
    upgrade(empty.database)
    with empty.database.write() as connection:
        connection.execute(text("INSERT INTO items (item_id) VALUES ('kept')"))
    upgrade(empty.database)
    with empty.database.read() as connection:
        assert connection.execute(text("SELECT item_id FROM items")).scalar_one() == "kept"


def test_a_downgrade_leaves_nothing_behind(empty: Service) -> None:
    upgrade(empty.database)
    with empty.database.write() as connection:
        command.downgrade(config(connection), "base")
    assert set(inspect(empty.database.engine).get_table_names()) <= {"alembic_version"}


def test_a_database_of_a_newer_version_is_refused(empty: Service) -> None:
    upgrade(empty.database)
    with empty.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(ConfigError, match="newer weir"):
        upgrade(empty.database)
