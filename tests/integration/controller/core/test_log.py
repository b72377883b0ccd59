"""What a database says of a failure: PostgreSQL repeats the values, which are somebody's."""

import json

import pytest
import sqlalchemy as sa
import structlog

from controller.core.db import Database
from controller.core.log import configure_logging, get_logger

MAC = "02:00:00:00:00:01"


@pytest.mark.parametrize("fmt", ["json", "console"])
async def test_values_in_a_database_error_are_not_logged(postgres_url, capsys, fmt):
    database = Database(postgres_url)
    configure_logging("info", fmt, "test")
    try:
        async with database.transaction() as tx:
            await tx.execute(sa.text("CREATE TABLE t (mac TEXT PRIMARY KEY)"))
            await tx.execute(sa.text("INSERT INTO t VALUES (:mac)"), {"mac": MAC})
            await tx.execute(sa.text("INSERT INTO t VALUES (:mac)"), {"mac": MAC})
    except sa.exc.IntegrityError:
        get_logger("here").exception("task.crashed")
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
        await database.close()
    written = capsys.readouterr().err
    assert "duplicate key value" in (json.loads(written)["exception"] if fmt == "json" else written)
    assert MAC not in written
