"""Run by Alembic: applies the versions on the connection that `controller.migrations` opened."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from controller.core.db import UtcDateTime
from controller.models import Base


def render_item(_kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column type by its name."""
    return "UtcDateTime()" if isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
