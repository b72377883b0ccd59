"""`kolco radius credential`: what a device proves itself with on the air, issued, listed and revoked.

Works on the database and the authority of this machine's settings; it needs no running controller.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

from controller.cli.local import opened, record
from controller.cli.output import (
    Column,
    Format,
    Output,
    Yes,
    confirm,
    note,
    print_done,
    print_rows,
)
from controller.cli.radius_issued import DAY_S, STATE_COLUMNS, issued_row
from controller.core.clock import SystemClock
from controller.core.errors import InvalidInputError
from controller.core.mac import parse_mac
from controller.core.pki import CertificateAuthority, Issued
from controller.core.secrets import write_private
from controller.core.settings import CoreSettings
from controller.directory import credentials
from controller.directory.apple_profile import render_apple_profile
from controller.directory.service import Directory
from radius.settings import RadiusSettings

__all__ = ["app"]

app = typer.Typer(
    name="credential", help="What a device proves itself with: password or certificate.", no_args_is_help=True
)

_MacOption = Annotated[str, typer.Option(help="The device's MAC address.")]


_COLUMNS = (Column("USERNAME", "username"), *STATE_COLUMNS)


@app.command("issue")
def issue(
    mac: _MacOption,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days it is good for.")] = 365,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Also write a certificate for EAP-TLS to this directory."),
    ] = None,
    ssid: Annotated[
        str, typer.Option(help="With --out, also a profile for iPhones and Macs that joins this network.")
    ] = "",
    *,
    output: Output = Format.TABLE,
) -> None:
    """Issue a user name and password for a device and, with --out, a certificate.

    The password, which also opens the .p12 file, is told once; the certificate's key is kept nowhere else.

    Example: kolco radius credential issue --mac 02:00:00:00:00:01 --out ./phone --ssid City
    """
    if ssid and out is None:
        raise InvalidInputError("--ssid goes with --out", hint="the profile is written to that directory")
    now = SystemClock().now()

    async def work() -> dict[str, object]:
        async with opened(write=True) as (tx, secrets):
            new = await credentials.issue(
                tx, Directory(secrets), mac=parse_mac(mac), now=now, valid_s=days * DAY_S
            )
            record(tx, "issued", "credential", new.username, days=days, certificate=out is not None)
            row = issued_row(new)
            if (
                out is not None
            ):  # before the commit: a certificate that cannot be written leaves no credential
                _write_certificate(out, new.username, str(row["password"]), now=now, days=days, ssid=ssid)
            return row

    row = asyncio.run(work())
    if out is not None:
        row["directory"] = str(out)
    print_done("credential", row["username"], "issued", row, output)
    if output is not Format.JSON:
        note(f"password, shown this once: {row['password']}")
        if out is not None:
            authority = CoreSettings.load().data_dir / "pki" / "ca.crt"
            note(f"certificate written to {out}; the device must trust {authority}")


def _write_certificate(
    out: Path, username: str, password: str, *, now: datetime, days: int, ssid: str
) -> None:
    """Write a certificate as PEM and PKCS #12 and, for a network, a profile for Apple's devices."""
    authority = CertificateAuthority.open(CoreSettings.load().data_dir / "pki")
    serial = credentials.certificate_serial(username)
    issued = authority.issue_client(username, now=now, days=days, serial=serial)
    _write(out, issued, username, password)
    if ssid:
        profile = render_apple_profile(
            ssid,
            RadiusSettings.load().eap_server_name,
            authority.certificate_pem,
            (out / f"{username}.p12").read_bytes(),
            username,
        )
        path = out / f"{username}.mobileconfig"
        path.unlink(missing_ok=True)
        write_private(path, profile)


@app.command("list")
def list_of_device(mac: _MacOption, *, output: Output = Format.TABLE) -> None:
    """List a device's credentials, the newest first.

    Example: kolco radius credential list --mac 02:00:00:00:00:01
    """

    async def work() -> Sequence[dict[str, object]]:
        async with opened(write=False) as (tx, _):
            return [issued_row(one) for one in await credentials.list_of(tx, mac=parse_mac(mac))]

    print_rows(asyncio.run(work()), _COLUMNS, output, kind="credential", key="username")


@app.command("revoke")
def revoke(
    username: Annotated[str, typer.Argument(help="Its user name, which is also the certificate's name.")],
    yes: Yes = False,
    output: Output = Format.TABLE,
) -> None:
    """Refuse a credential, and every certificate that names it, from the next login on.

    Example: kolco radius credential revoke d-01j0000000000000000000000a --yes
    """
    confirm(f"Revoke {username}? The device is refused at its next login.", yes=yes)

    async def work() -> None:
        async with opened(write=True) as (tx, _):
            await credentials.revoke(tx, username=username, now=SystemClock().now())
            record(tx, "revoked", "credential", username)

    asyncio.run(work())
    print_done("credential", username, "revoked", {"username": username}, output)


@app.command("crl")
def write_revocation_list(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where it is written, PEM.")],
    days: Annotated[int, typer.Option(min=1, max=365, help="Days it is good for.")] = 7,
    *,
    output: Output = Format.TABLE,
) -> None:
    """Write the list of revoked certificates of devices, for servers other than kolco.

    kolco needs none: it looks the credential up at each login.

    Example: kolco radius credential crl /srv/www/devices.crl
    """
    now = SystemClock().now()

    async def work() -> list[tuple[int, datetime]]:
        async with opened(write=False) as (tx, _):
            return await credentials.list_revoked(tx, now=now)

    revoked = asyncio.run(work())
    authority = CertificateAuthority.open(CoreSettings.load().data_dir / "pki")
    file.write_bytes(authority.make_revocation_list(revoked, now=now, days=days))
    row = {"file": str(file), "certificates": len(revoked)}
    print_done("revocation list", str(file), "written", row, output)


def _write(directory: Path, issued: Issued, username: str, password: str) -> None:
    """Write the certificate and its key as PEM and, for phones, as PKCS #12."""
    leaf, *others = x509.load_pem_x509_certificates(issued.certificate_pem)
    key = load_pem_private_key(issued.key_pem, password=None)
    bundle = pkcs12.serialize_key_and_certificates(
        username.encode(),
        key,  # type: ignore[arg-type]  # ours is on a curve, which is among those it takes
        leaf,
        others,
        BestAvailableEncryption(password.encode()),
    )
    issued.write(directory, username)
    path = directory / f"{username}.p12"
    path.unlink(missing_ok=True)
    write_private(path, bundle)
