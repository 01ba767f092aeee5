"""Alembic's entry: runs the migrations on the connection that `gateway.database.migrate` hands
over.
"""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from gateway.database.metadata import Instant
from gateway.database.schema import metadata


def _render(kind: str, item: object, autogenerating: AutogenContext) -> str | Literal[False]:
    # A migration keeps its meaning when our own types change: it names the stored type.
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Instant) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table in place: Alembic then copies it.
    render_as_batch=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
