"""`kolco radius nas`: which devices may ask RADIUS, and with which shared secret.

Works on the database of this machine's settings; it needs no running controller.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from controller.cli.local import opened, record
from controller.cli.output import Column, Format, Output, Yes, age, confirm, note, print_done, print_rows
from controller.core.clock import SystemClock
from controller.nas import service
from controller.nas.types import VENDORS, NasChanges, NasView, NewNas

__all__ = ["app"]

app = typer.Typer(name="nas", help="Which devices may ask, and with which secret.", no_args_is_help=True)


def _unsigned(row: Mapping[str, Any]) -> str:
    """Return when it last sent an Access-Request without Message-Authenticator; empty: not known."""
    return "never" if row["signed_at"] and not row["unsigned_at"] else age(row["unsigned_at"])


_COLUMNS = (
    Column("ID", "id"),
    Column("NAME", "name"),
    Column("NETWORK", "cidr"),
    Column("RADSEC", "radsec_name"),
    Column("ENABLED", "enabled"),
    Column("SIGNED-ONLY", "require_message_authenticator"),
    Column("HEARD", lambda row: age(row["last_seen_at"])),
    Column("UNSIGNED", _unsigned),
    Column("SITE", "site_id", wide=True),
    Column("VENDOR", "vendor", wide=True),
    Column("CUI", "cui", wide=True),
)


@app.command("list")
def list_nas(output: Output = Format.TABLE) -> None:
    """List the NAS clients.

    Example: kolco radius nas list
    """

    async def work() -> list[dict[str, object]]:
        async with opened(write=False) as (tx, _):
            return [asdict(nas) for nas in await service.list_all(tx)]

    print_rows(asyncio.run(work()), _COLUMNS, output, kind="nas", key="id")


@app.command("add")
def add_nas(
    nas_id: Annotated[str, typer.Argument(metavar="ID", help="Lower-case letters, digits and hyphens.")],
    cidr: Annotated[
        str, typer.Argument(help="Address or network its packets come from; none if it comes by RadSec only.")
    ] = "",
    name: Annotated[str, typer.Option(help="Name for people; the identifier if left out.")] = "",
    secret: Annotated[
        str,
        typer.Option(
            envvar="KOLCO_NAS_SECRET", help="Shared secret, 16 octets or more; left out: one is generated."
        ),
    ] = "",
    site: Annotated[str | None, typer.Option(help="Site at which it stands.")] = None,
    *,
    radsec_name: Annotated[
        str, typer.Option(help="Name in the certificate with which it comes by RadSec (RADIUS over TLS).")
    ] = "",
    allow_unsigned: Annotated[
        bool,
        typer.Option(help="Accept Access-Requests without Message-Authenticator: open to CVE-2024-3596."),
    ] = False,
    vendor: Annotated[
        str, typer.Option(help=f"Whose attributes it understands: {', '.join(VENDORS)}.")
    ] = "generic",
    cui: Annotated[
        str, typer.Option(help="When it gets a Chargeable-User-Identity: asked, always or never.")
    ] = "asked",
    output: Output = Format.TABLE,
) -> None:
    """Add a NAS; RADIUS answers it at once, with no restart.

    Example: kolco radius nas add ring-aps 10.20.0.0/16
    Example: kolco radius nas add metro --radsec-name proxy.metro.example
    """
    new = NewNas(nas_id, name or nas_id, cidr, secret, not allow_unsigned, site, radsec_name, vendor, cui)

    async def work() -> dict[str, object]:
        async with opened(write=True) as (tx, secrets):
            added = await service.add(tx, secrets, new)
            record(tx, "created", "nas", nas_id, signed_only=not allow_unsigned, **_where(added.nas))
            return {**asdict(added.nas), "secret": added.secret}

    _show_secret(asyncio.run(work()), "added", output, given=bool(secret) or not cidr)


def _where(nas: NasView) -> dict[str, str]:
    """Return where a NAS comes from, for the audit log."""
    return {name: value for name in ("cidr", "radsec_name") if (value := getattr(nas, name))}


def _show_secret(row: dict[str, object], verb: str, output: Format, *, given: bool) -> None:
    """Tell what was done, and a generated secret this once."""
    print_done("nas", row["id"], verb, row, output)
    if not given and output is not Format.JSON:
        note(f"shared secret, shown this once: {row['secret']}")


@app.command("set")
def set_nas(
    nas_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    name: Annotated[str | None, typer.Option(help="Name for people.")] = None,
    cidr: Annotated[str | None, typer.Option(help="Address or network its packets come from.")] = None,
    site: Annotated[str | None, typer.Option(help="Site at which it stands.")] = None,
    allow_unsigned: Annotated[
        bool | None,
        typer.Option(help="Accept Access-Requests without Message-Authenticator: open to CVE-2024-3596."),
    ] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Answer it, or not, and keep its entry.")
    ] = None,
    vendor: Annotated[
        str | None, typer.Option(help=f"Whose attributes it understands: {', '.join(VENDORS)}.")
    ] = None,
    cui: Annotated[
        str | None, typer.Option(help="When it gets a Chargeable-User-Identity: asked, always or never.")
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Change a NAS, at once and with no restart; what is not given stays, and so does its secret.

    Example: kolco radius nas set ring-aps --vendor mikrotik
    Example: kolco radius nas set ring-aps --no-allow-unsigned
    """
    signed_only = None if allow_unsigned is None else not allow_unsigned
    changes = NasChanges(name, cidr, signed_only, enabled, site, vendor, cui)

    async def work() -> dict[str, object]:
        async with opened(write=True) as (tx, _):
            changed = await service.change(tx, nas_id, changes)
            given = {key: value for key, value in asdict(changes).items() if value is not None}
            record(tx, "changed", "nas", nas_id, **given)
            return asdict(changed)

    print_done("nas", nas_id, "changed", asyncio.run(work()), output)


@app.command("rotate")
def rotate_secret(
    nas_id: Annotated[str, typer.Argument(metavar="ID")],
    window: Annotated[int, typer.Option(min=0, help="Seconds for which the old secret stays good.")] = 86_400,
    secret: Annotated[
        str, typer.Option(envvar="KOLCO_NAS_SECRET", help="New shared secret; left out: one is generated.")
    ] = "",
    *,
    output: Output = Format.TABLE,
) -> None:
    """Give a NAS a new shared secret; the old one stays good while its devices are changed over.

    Example: kolco radius nas rotate ring-aps --window 86400
    """

    async def work() -> dict[str, object]:
        async with opened(write=True) as (tx, secrets):
            changed = await service.rotate(
                tx,
                secrets,
                nas_id,
                now=SystemClock().now(),
                window=timedelta(seconds=window),
                secret=secret,
            )
            record(tx, "secret-rotated", "nas", nas_id, window_s=window)
            return {**asdict(changed.nas), "secret": changed.secret}

    _show_secret(asyncio.run(work()), "rotated", output, given=bool(secret))


@app.command("remove")
def remove_nas(
    nas_id: Annotated[str, typer.Argument(metavar="ID")], output: Output = Format.TABLE, *, yes: Yes = False
) -> None:
    """Remove a NAS: RADIUS is silent towards it from now on.

    Example: kolco radius nas remove ring-aps --yes
    """
    confirm(f"Remove the NAS {nas_id}? It gets no answers any more.", yes=yes)

    async def work() -> None:
        async with opened(write=True) as (tx, _):
            await service.remove(tx, nas_id)
            record(tx, "removed", "nas", nas_id)

    asyncio.run(work())
    print_done("nas", nas_id, "removed", {"id": nas_id, "removed": True}, output)
