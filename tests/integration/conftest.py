"""What integration tests share: a database with the schema, and a runtime on it."""

import pytest

from controller.core.db import Database
from controller.core.runtime import open_runtime
from controller.core.settings import CoreSettings
from controller.models import Base


@pytest.fixture
async def database(database_url: str):
    """A `Database` with every table, on SQLite and on PostgreSQL."""
    db = Database(database_url)
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield db
    await db.close()


@pytest.fixture
async def runtime(database: Database, tmp_path):
    """A `Runtime` on that database with the embedded bus and the system's clock."""
    settings = CoreSettings(data_dir=tmp_path / "data", database_url=database.url)
    async with open_runtime(settings) as opened:
        yield opened
