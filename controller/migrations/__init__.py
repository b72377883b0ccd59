"""The schema's history: brings a database to the newest version, and tells which one it has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from controller.core.db import Database, is_away, reason_of
from controller.core.errors import ConflictError, UnavailableError


async def upgrade(db: Database) -> str:
    """Bring the database to the newest version, in one transaction where it can be; return the version.

    Raises:
        UnavailableError: the database does not answer, or is none.
    """
    try:
        async with db.engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except (sa.exc.DBAPIError, OSError) as error:
        raise _unusable(db, error) from error
    return newest()


async def check(db: Database) -> None:
    """Make sure that the database has the newest version.

    Raises:
        ConflictError: it has another one; the hint says what to do.
        UnavailableError: it does not answer, or is none.
    """
    version = await current(db)
    if version == newest():
        return
    if version is None:
        raise ConflictError("the database is empty", hint="run `kolco db upgrade`")
    known = {script.revision for script in _scripts().walk_revisions()}
    if version in known:
        raise ConflictError(
            f"the database is at version {version}, this program needs {newest()}",
            hint="run `kolco db upgrade`",
        )
    raise ConflictError(
        f"the database is at version {version}, which this program does not know",
        hint="a newer kolco has upgraded it: install that one here too",
    )


async def current(db: Database) -> str | None:
    """Return the database's version, None if it is empty.

    Raises:
        UnavailableError: it does not answer, or is none.
    """
    try:
        async with db.engine.connect() as connection:
            return await connection.run_sync(
                lambda sync: MigrationContext.configure(sync).get_current_revision()
            )
    except (sa.exc.DBAPIError, OSError) as error:
        raise _unusable(db, error) from error


@asynccontextmanager
async def explained(db: Database) -> AsyncIterator[None]:
    """Turn the database's own errors in the block into one that people can read, for commands that use it.

    Raises:
        UnavailableError: the database does not answer, is none, or has not been upgraded.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise _unusable(db, error) from error
    except OSError as error:
        if not is_away(error):
            raise
        raise _unusable(db, error) from error


def newest() -> str:
    """Return the version this program needs."""
    head = _scripts().get_current_head()
    assert head is not None  # noqa: S101 - the package ships at least one version
    return head


def config() -> Config:
    """Return Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    return made


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())


def _upgrade(connection: sa.Connection) -> None:
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")


def _unusable(db: Database, error: Exception) -> UnavailableError:
    if db.dialect == "sqlite":
        path = db.engine.url.database
        return UnavailableError(
            f"the database {path} cannot be used: {reason_of(error)}",
            hint="`kolco db upgrade` makes it; this user must be able to write there, and the disk have room",
        )
    return UnavailableError(
        f"the database does not answer: {reason_of(error)}",
        hint="check KOLCO_DATABASE_URL and that the server runs",
    )
