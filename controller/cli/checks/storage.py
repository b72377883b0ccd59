"""Checks of what is kept: the data directory, certificates, database and bus."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from controller import migrations
from controller.cli.checks.finding import Finding
from controller.core.bus import Bus
from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.errors import KolcoError
from controller.core.nats_bus import NatsBus
from controller.core.settings import CoreSettings

SPACE_NEEDED = 1_000_000_000
_EXPIRES_SOON = timedelta(days=30)
_PRIVATE_SUFFIXES = {".key", ".token"}
_PRIVATE_NAMES = {"ca.pem"}
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_data_dir(path: Path) -> Iterator[Finding]:
    """Look at the data directory: there, writable, private, with room."""
    name = "data directory"
    if not path.exists():
        yield Finding(
            name, "warn", f"{path.absolute()} is not there yet", "kolco up makes it; KOLCO_DATA_DIR moves it"
        )
        return
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        yield Finding(name, "fail", f"{path.absolute()} cannot be written", "check its owner and mode")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        yield Finding(name, "warn", f"others may look into it ({mode:04o})", f"chmod 700 {path}")
    else:
        yield Finding(name, "pass", f"{path.absolute()} ({mode:04o})")
    yield from _check_private(path)
    free = shutil.disk_usage(path).free
    if free < SPACE_NEEDED:
        yield Finding("disk space", "warn", f"{free / 1e9:.1f} GB free", "make room: logins need it")
    else:
        yield Finding("disk space", "pass", f"{free / 1e9:.1f} GB free")


def check_certificates(directory: Path, now: datetime) -> Iterator[Finding]:
    """Look when the certificates in a directory expire; each that is not well is told by name."""
    well = 0
    for path in sorted([*directory.rglob("*.crt"), *directory.rglob("*.pem")]):
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except (ValueError, OSError):
            continue  # a key, or unreadable: the mode checks speak of that
        left = certificate.not_valid_after_utc - now
        name = f"certificate: {path.name}"
        if left <= timedelta(0):
            yield Finding(
                name,
                "fail",
                f"expired {certificate.not_valid_after_utc:%Y-%m-%d}",
                f"delete {path} and restart",
            )
        elif left < _EXPIRES_SOON:
            yield Finding(
                name, "warn", f"expires in {left.days} days", f"delete {path} and restart: a new one is made"
            )
        else:
            well += 1
    if well:
        yield Finding("certificates", "pass", f"{well} valid for {_EXPIRES_SOON.days} days and longer")
    else:
        yield Finding("certificates", "pass", "none yet: they are made on the first start")


async def check_database(url: str) -> Finding:
    """Open the database and compare its schema with this program's."""
    try:
        db = Database(url)
    except KolcoError as error:
        return Finding("database", "fail", error.message, error.hint)
    try:
        if db.dialect == "sqlite" and not _exists(db.engine.url.database):
            return Finding("database", "warn", "not there yet (SQLite)", "kolco db upgrade makes it")
        await migrations.check(db)
        version = await migrations.current(db)
    except KolcoError as error:
        return Finding("database", "fail", error.message, error.hint)
    finally:
        await db.close()
    return Finding("database", "pass", f"{db.dialect}, schema {version}")


async def check_bus(settings: CoreSettings) -> Finding:
    """Connect to the bus, if it is a server."""
    if settings.bus_url is None:
        return Finding("bus", "pass", "embedded, in the database")
    db = Database(settings.database)
    bus: Bus = NatsBus(settings.bus_url, db, SystemClock())
    try:
        await bus.connect()
    except KolcoError as error:
        return Finding("bus", "fail", error.message, error.hint or "start NATS, or unset KOLCO_BUS_URL")
    finally:
        await bus.close()
        await db.close()
    return Finding("bus", "pass", "NATS answers")


def _exists(path: str | None) -> bool:
    return path is not None and Path(path).exists()


def _check_private(directory: Path) -> Iterator[Finding]:
    loose = sorted(
        path
        for path in directory.rglob("*")
        if path.is_file()
        and (path.suffix in _PRIVATE_SUFFIXES or path.name in _PRIVATE_NAMES)
        and stat.S_IMODE(path.stat().st_mode) & _OTHERS
    )
    if loose:
        names = " ".join(map(str, loose))
        yield Finding("secrets", "fail", f"others may read {len(loose)} of them", f"chmod 600 {names}")
    else:
        yield Finding("secrets", "pass", "readable by their owner only")
