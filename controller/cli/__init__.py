"""The `kolco` command: one file a noun; each file's `app` or `command` is mounted here."""

from typing import Annotated, NoReturn

import typer

from controller.cli import (
    account,
    ap,
    city,
    config,
    db,
    doctor,
    monitor,
    operator,
    output,
    radius,
    reference,
    serve,
    session,
    site,
    up,
    voucher,
    wlan,
    zone,
)

app = typer.Typer(
    name="kolco",
    help="kolco, the controller of a city's public Wi-Fi.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("up")(up.command)
app.command("city")(city.command)
app.command("serve")(serve.command)
app.add_typer(ap.app, name="ap")
app.add_typer(site.app, name="site")
app.add_typer(zone.app, name="zone")
app.add_typer(wlan.app, name="wlan")
app.add_typer(config.app, name="config")
app.add_typer(session.app, name="session")
app.add_typer(account.app, name="account")
app.add_typer(voucher.app, name="voucher")
app.add_typer(radius.app, name="radius")
app.add_typer(monitor.app, name="monitor")
app.add_typer(operator.app, name="operator")
app.add_typer(db.app, name="db")
app.command("doctor")(doctor.command)
app.command("docs", hidden=True)(reference.docs)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 - slow, and rarely asked

        typer.echo(f"kolco {installed('kolco')}")
        raise typer.Exit


def main() -> NoReturn:
    """Run the command line."""
    output.run(app)
