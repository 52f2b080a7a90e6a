"""Brings a database to the schema of this version (alembic). Safe to call at every start."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from human_review.database.engine import Database
from stream_app.errors import ConfigError

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Create or change tables as needed, in one transaction.

    Raises ConfigError where the database was made by a newer version than this one.
    """
    with database.write() as connection:
        _refuse_newer(connection)
        command.upgrade(config(connection), "head")


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    found = Config()
    found.set_main_option("script_location", str(_MIGRATIONS))
    found.attributes["connection"] = connection
    return found


def _refuse_newer(connection: Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if current is not None and current not in known:
        raise ConfigError(
            "environment", "WEIR_DATABASE_URL", f"the database has schema {current}, which only a newer weir knows"
        )
