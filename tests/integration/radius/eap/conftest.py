"""EAP has no SQL of its own: what it decides by is tried on both databases in its parent folder."""

import pytest


@pytest.fixture
def database_url(tmp_path):
    """An empty database, on SQLite only."""
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"
