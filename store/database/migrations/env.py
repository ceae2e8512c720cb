"""Runs Alembic migrations on the connection that `store.database.schema` provides.

A new revision is a file in `versions` that names the one before it, and
`store.database.schema.HEAD` names the newest.
"""

from alembic import context

from mvsearch.store.database.tables import SettingRow

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SettingRow.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
