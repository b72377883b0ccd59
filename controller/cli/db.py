"""`kolco db …`: the database's schema."""

import asyncio

import typer

from controller import migrations
from controller.cli.output import Format, Output, print_done, print_json
from controller.core.db import Database
from controller.core.settings import CoreSettings

app = typer.Typer(no_args_is_help=True, help="The database's schema.")


@app.command()
def upgrade(output: Output = Format.TABLE) -> None:
    """Bring the database to this program's version; nothing happens if it is there already.

    Example: KOLCO_DATABASE_URL=postgresql+asyncpg://kolco@db/kolco kolco db upgrade
    """
    before, after = asyncio.run(_upgrade())
    row = {"from": before, "to": after, "changed": before != after}
    print_done("database", after, "upgraded" if before != after else "unchanged", row, output)


@app.command()
def current(output: Output = Format.TABLE) -> None:
    """Show which version the database has and which one this program needs."""
    version = asyncio.run(_current())
    row = {"current": version, "newest": migrations.newest()}
    if output is Format.JSON:
        print_json(row)
    else:
        typer.echo(f"{version or 'empty'} (this program needs {migrations.newest()})")


async def _upgrade() -> tuple[str | None, str]:
    db = _open()
    try:
        return await migrations.current(db), await migrations.upgrade(db)
    finally:
        await db.close()


async def _current() -> str | None:
    db = _open()
    try:
        return await migrations.current(db)
    finally:
        await db.close()


def _open() -> Database:
    settings = CoreSettings.load()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Database(settings.database)
