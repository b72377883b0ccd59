"""The socket shell speaks no SQL: one database is enough here, `test_jobs` runs it on both."""

import pytest


@pytest.fixture
def database_url(tmp_path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"
