"""Alembic's entry: runs the migrations on the connection that `gateway.database.migrate` hands
over.
"""

from alembic import context

from gateway.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table in place: Alembic then copies it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
