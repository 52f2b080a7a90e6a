"""How alembic runs a migration: in the transaction of whoever asked for it."""

from alembic import context

from human_review.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
    transactional_ddl=False,
)
context.run_migrations()
