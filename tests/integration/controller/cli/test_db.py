"""`kolco db` and the migrations behind it, on both databases."""

import json
import os
import subprocess
import sys

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from controller import migrations
from controller.core.db import Database
from controller.models import Base


def kolco(*arguments, **env):
    return subprocess.run(
        [sys.executable, "-m", "controller", *arguments],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_an_empty_database_is_upgraded_once_and_matches_the_models(database_url, tmp_path):
    env = {"KOLCO_DATABASE_URL": database_url, "KOLCO_DATA_DIR": str(tmp_path / "data")}
    assert kolco("db", "current", **env).stdout.startswith("empty")
    first = kolco("db", "upgrade", "-o", "json", **env)
    assert json.loads(first.stdout) == {"from": None, "to": migrations.newest(), "changed": True}
    assert kolco("db", "upgrade", **env).stdout == f"database/{migrations.newest()} unchanged\n"
    db = Database(database_url)
    async with db.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    await db.close()
    assert differences == [], "write a migration: python -m controller.migrations what changes"


def test_a_daemon_refuses_a_database_that_is_not_upgraded_and_says_what_to_do(tmp_path):
    refused = kolco("serve", "radius", KOLCO_DATA_DIR=str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr == "error: the database is empty\nhint: run `kolco db upgrade`\n"


async def test_a_database_of_a_newer_program_is_left_alone(database_url, tmp_path):
    env = {"KOLCO_DATABASE_URL": database_url, "KOLCO_DATA_DIR": str(tmp_path / "data")}
    kolco("db", "upgrade", **env)
    db = Database(database_url)
    async with db.transaction() as tx:
        await tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    await db.close()
    refused = kolco("serve", "radius", **env)
    assert refused.returncode == 1
    assert "version 9999, which this program does not know" in refused.stderr


def test_what_is_no_database_and_where_none_can_be_are_clear_errors(tmp_path):
    (tmp_path / "kolco.db").write_bytes(b"not a database at all" * 100)
    for command in (("db", "upgrade"), ("up",), ("serve", "radius"), ("radius", "nas", "list")):
        refused = kolco(*command, KOLCO_DATA_DIR=str(tmp_path))
        assert refused.returncode == 5
        assert f"{tmp_path}/kolco.db cannot be used: file is not a database\n" in refused.stderr
        assert "Traceback" not in refused.stderr
    empty = kolco("radius", "nas", "list", KOLCO_DATA_DIR=str(tmp_path / "none"))
    assert empty.returncode == 5
    assert empty.stderr.startswith("error: the database ")
    assert "hint: `kolco db upgrade` makes it" in empty.stderr
    for command in (("db", "upgrade"), ("up",)):
        refused = kolco(*command, KOLCO_DATA_DIR="/proc/kolco")
        assert refused.returncode == 1
        assert "error: cannot use /proc/kolco: No such file or directory\n" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_database_that_is_away_is_a_clear_error():
    refused = kolco("db", "upgrade", KOLCO_DATABASE_URL="postgresql+asyncpg://kolco@127.0.0.1:9/x")
    assert refused.returncode == 5
    assert refused.stderr.startswith("error: the database does not answer")
    assert "hint: check KOLCO_DATABASE_URL" in refused.stderr
