"""The database: SQLite (WAL) embedded or PostgreSQL, one interface.

Services take a `Tx` and never commit; the boundary (endpoint, daemon, command) opens the transaction.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

from controller.core.errors import InvalidInputError

Tx = AsyncSession
"""An open transaction."""

_BUSY_TIMEOUT_MS = 30_000
_DRIVER_ENDS_S = 0.02
_NAIVE = "a stored moment must carry its time zone"
_CHUNK_PARAMETERS = 15_000
"""Bound parameters a statement may hold: SQLite takes 32,766, PostgreSQL 65,535 (32,767 in asyncpg)."""


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment: aware and UTC in Python on both databases; a naive value is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Check and convert a value on its way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(_NAIVE)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Make a value from the database aware again."""
        del dialect
        return (
            None
            if value is None
            else value.replace(tzinfo=UTC)
            if value.tzinfo is None
            else value.astimezone(UTC)
        )


class Base(DeclarativeBase):
    """Base of every table; names of constraints are fixed so that migrations can speak of them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """A database: opens transactions, closes its connections.

    Args:
        url: SQLAlchemy URL, `sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`.

    Raises:
        InvalidInputError: the URL names another kind of database.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError as error:
            raise InvalidInputError("the database URL cannot be read", hint=_URL_HINT) from error
        if parsed.drivername not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
            raise InvalidInputError(
                f"databases of kind {parsed.drivername!r} are not supported", hint=_URL_HINT
            )
        self.dialect: Literal["sqlite", "postgresql"] = cast(
            "Literal['sqlite', 'postgresql']", parsed.get_backend_name()
        )
        self.url = url
        # Parameters stay out of error messages, which get into logs: they can be telephone numbers.
        options: dict[str, Any] = {"pool_size": 5, "max_overflow": 15, "hide_parameters": True}
        if self.dialect == "postgresql":
            options["pool_pre_ping"] = True
        self.engine = create_async_engine(parsed, **options)
        if self.dialect == "sqlite":
            sa.event.listen(self.engine.sync_engine, "do_connect", _make_private)
            sa.event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self.session_info: dict[str, Any] = {}
        """Copied into each transaction's `info`; the outbox keeps its nudge here."""
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, info=self.session_info)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Open a transaction that may write; it commits at the end, an exception rolls it back."""
        async with self._sessions() as session, session.begin():
            if self.dialect == "sqlite":
                # A reader that turns writer may find the database changed and fail; a writer from
                # the start waits its turn instead.
                await session.connection(execution_options={"kolco_write": True})
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """Open a transaction that only reads."""
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def change_marker(self) -> AsyncIterator[Callable[[], Awaitable[int | None]]]:
        """Give a cheap call whose value changes when another connection committed; None: cannot tell."""
        if self.dialect == "postgresql":

            async def unknown() -> None:
                return None

            yield unknown
            return
        async with self.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver = cast("Any", raw.driver_connection)
            cursor = await driver.cursor()

            async def data_version() -> int:
                await cursor.execute("PRAGMA data_version")
                return int((await cursor.fetchone())[0])

            yield data_version

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self.dialect == "sqlite":
            # The driver's thread reports its end to the loop, which must not be closed by then.
            await asyncio.sleep(_DRIVER_ENDS_S)


async def upsert(
    tx: Tx,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    update: Sequence[str],
) -> None:
    """Insert rows; where `keys` meet an existing row, set the `update` columns instead (none: leave it).

    Args:
        tx: the transaction.
        model: the table.
        rows: mappings that all hold the same columns.
        keys: the columns of a unique constraint.
        update: the columns to set on an existing row.
    """
    if not rows:
        return
    insert = postgresql.insert if tx.get_bind().dialect.name == "postgresql" else sqlite.insert
    chunk = max(1, _CHUNK_PARAMETERS // len(rows[0]))
    for start in range(0, len(rows), chunk):
        statement = cast("Any", insert(model)).values(list(rows[start : start + chunk]))
        statement = (
            statement.on_conflict_do_update(
                index_elements=list(keys), set_={column: statement.excluded[column] for column in update}
            )
            if update
            else statement.on_conflict_do_nothing(index_elements=list(keys))
        )
        await tx.execute(statement)


async def update_rows(
    tx: Tx, table: sa.Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]], *, keys: int = 1
) -> None:
    """Update many rows, each with its own values; one statement, or on SQLite one that is prepared once.

    Args:
        tx: the transaction.
        table: the table.
        names: columns: first those that tell a row from all others, then those that get new values.
        rows: their values.
        keys: how many columns tell a row from all others.
    """
    if not rows:
        return
    if tx.get_bind().dialect.name == "postgresql":
        given = _as_table(table, names, rows)
        statement = sa.update(table).where(*(table.c[key] == given.c[key] for key in names[:keys]))
        await tx.execute(statement.values({name: given.c[name] for name in names[keys:]}))
        return
    statement = sa.update(table).where(*(table.c[key] == sa.bindparam(f"b_{key}") for key in names[:keys]))
    statement = statement.values({name: sa.bindparam(f"b_{name}") for name in names[keys:]})
    bound = [f"b_{name}" for name in names]
    await tx.execute(statement, [dict(zip(bound, row, strict=True)) for row in rows])


async def insert_rows(
    tx: Tx,
    table: sa.Table,
    names: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    unless: Sequence[str] = (),
) -> None:
    """Insert many rows as `update_rows` updates them; `unless` one is there with these columns.

    Args:
        tx: the transaction.
        table: the table.
        names: columns.
        rows: their values.
        unless: the columns of a unique constraint; a row that meets it is left out.
    """
    if not rows:
        return
    if tx.get_bind().dialect.name == "postgresql":
        given = _as_table(table, names, rows)
        columns = [given.c[name] for name in names]
        statement = postgresql.insert(table).from_select(list(names), sa.select(*columns))
        await tx.execute(statement.on_conflict_do_nothing(index_elements=unless) if unless else statement)
        return
    plain = sqlite.insert(table)
    await tx.execute(
        plain.on_conflict_do_nothing(index_elements=unless) if unless else plain,
        [dict(zip(names, row, strict=True)) for row in rows],
    )


def _as_table(table: sa.Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> sa.Subquery:
    """Return rows as something to select from: one parameter, whatever the number of rows.

    They travel as JSON, which costs a twentieth of what the driver needs for an array a column.
    """
    columns = [table.c[name] for name in names]
    for at, column in enumerate(columns):
        if isinstance(column.type, UtcDateTime) and any(row[at] and row[at].tzinfo is None for row in rows):
            raise ValueError(_NAIVE)
    text = sa.bindparam(None, msgspec.json.encode(rows).decode(), type_=sa.Text)
    given = sa.func.jsonb_array_elements(sa.cast(text, postgresql.JSONB)).table_valued(
        sa.column("value", postgresql.JSONB)
    )
    return sa.select(
        *(_read_json(given.c.value.op("->>")(at), column) for at, column in enumerate(columns))
    ).subquery()


def _read_json(value: ColumnElement[Any], column: sa.Column[Any]) -> ColumnElement[Any]:
    """Return the text of a JSON value as what a column holds."""
    if isinstance(column.type, sa.LargeBinary):
        read: ColumnElement[Any] = sa.func.decode(value, sa.literal_column("'base64'"))
    elif isinstance(column.type, sa.String):
        read = value  # a cast would cut off what is too long, silently
    else:
        read = sa.cast(value, column.type)
    return sa.type_coerce(read, column.type).label(column.name)


async def lock(tx: Tx, key: bytes) -> None:
    """Hold others that lock the same key until this transaction ends; SQLite has one writer anyway."""
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_lock_number(key))))


def _lock_number(key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), signed=True)


async def lock_all(tx: Tx, keys: Collection[bytes]) -> None:
    """Lock many keys as `lock` does, always in the same order, so that no two callers wait for each other."""
    if keys and tx.get_bind().dialect.name == "postgresql":
        numbers = sorted({_lock_number(key) for key in keys})
        array = sa.bindparam(None, numbers, type_=postgresql.ARRAY(sa.BigInteger))
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.unnest(array))))


def among(tx: Tx, column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a text column is one of many values: one parameter however many there are.

    Unlike `IN`, its SQL is always the same text, so it is compiled and prepared once.
    """
    if tx.get_bind().dialect.name == "postgresql":
        array = sa.bindparam(None, list(values), type_=postgresql.ARRAY(sa.String))
        return column == sa.func.any(array)
    each = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(each.c.value))


def is_away(error: BaseException) -> bool:
    """Tell whether an error means that the database, or another server, does not answer now."""
    if isinstance(error, OSError):
        return error.filename is None  # of a connection, not of a file
    cause = getattr(error, "orig", None) or error
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False  # wrong SQL: the driver has one class for it and for a database that is away
    state = str(getattr(cause, "sqlstate", None) or "")
    return (
        isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
        or (isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated)
        or state.startswith(_AWAY_STATES)
    )


def reason_of(error: BaseException) -> str:
    """Return the first line of what the database said, without the statement."""
    return (str(getattr(error, "orig", None) or error) or type(error).__name__).splitlines()[0]


_AWAY_STATES = ("08", "53", "57", "55000")
"""How SQLSTATEs begin that speak of connections, exhausted resources, shutdown and closed databases
(PostgreSQL manual, appendix A)."""

_URL_HINT = "use postgresql+asyncpg://user@host/name, or sqlite+aiosqlite:///path"


def _make_private(_dialect: Any, _record: ConnectionPoolEntry, arguments: Sequence[Any], _more: Any) -> None:
    """Make a new database its owner's only (0600); SQLite gives the files beside it the same mode."""
    path = str(arguments[0])
    if not path.startswith((":memory:", "file:")):
        with contextlib.suppress(OSError):  # it is there, or SQLite will say what is wrong
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # what was acknowledged survives a power cut, not only a killed process
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("kolco_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
