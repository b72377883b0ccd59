"""What integration tests share: a database with the schema, and a runtime on it."""

import shutil
import sqlite3

import pytest
import sqlalchemy as sa

from controller.core.db import Database
from controller.core.runtime import open_runtime
from controller.core.settings import CoreSettings
from controller.models import Base


def schema(url: str) -> str:
    """Return the statements that make every table, as a kind of database takes them."""
    statements = []

    def take(statement, *_parameters, **_options):
        statements.append(str(statement.compile(dialect=engine.dialect)))

    engine = sa.create_mock_engine(url, take)
    Base.metadata.create_all(engine, checkfirst=False)
    return ";\n".join(statements)


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory):
    """A file with every table, to be copied: making them takes longer than many a test."""
    path = tmp_path_factory.mktemp("schema") / "kolco.db"
    made = sqlite3.connect(path)
    made.executescript(schema("sqlite://"))
    made.close()
    return path


@pytest.fixture(scope="session")
def postgres_schema() -> str:
    """All statements at once: one way to the server and back."""
    return schema("postgresql+asyncpg://")


@pytest.fixture
async def database(database_url: str, sqlite_file, postgres_schema: str):
    """A `Database` with every table, on SQLite and on PostgreSQL."""
    url = sa.make_url(database_url)
    if url.get_backend_name() == "sqlite":
        shutil.copyfile(sqlite_file, url.database)
    db = Database(database_url)
    if url.get_backend_name() == "postgresql":
        async with db.engine.begin() as connection:
            raw = await connection.get_raw_connection()
            await raw.driver_connection.execute(postgres_schema)
    yield db
    await db.close()


@pytest.fixture
async def runtime(database: Database, tmp_path):
    """A `Runtime` on that database with the embedded bus and the system's clock."""
    settings = CoreSettings(data_dir=tmp_path / "data", database_url=database.url)
    async with open_runtime(settings) as opened:
        yield opened
