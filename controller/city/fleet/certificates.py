"""Client certificates for the simulated access points: issued in bulk, kept in the data directory.

Each access point has its own key and certificate (EC P-256, CN = serial) in one file, leaf only, as
the TLS library wants it. A city of thousands is issued in seconds once and reused until the authority
changes or the certificates grow old.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from controller.core.pki import CertificateAuthority

DIRECTORY = "city-aps"
REISSUE_AFTER = dt.timedelta(days=365)
_END = b"-----END CERTIFICATE-----\n"


class _Manifest(msgspec.Struct):
    authority: str
    """SHA-256 of the authority's certificate, hex."""
    issued_at: dt.datetime


def certificate_path(data_dir: Path, serial: str) -> Path:
    """The file with key and certificate of one access point."""
    return data_dir / DIRECTORY / f"{serial}.pem"


def issue_certificates(
    data_dir: Path,
    serials: Iterable[str],
    *,
    now: dt.datetime,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Make sure that every serial has a valid certificate; returns how many were issued now.

    Uses the authority in `data_dir/pki`, made on first use. `progress` hears the number issued so far,
    every hundred.
    """
    authority = CertificateAuthority.open(data_dir / "pki")
    directory = data_dir / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    fingerprint = hashlib.sha256(authority.certificate_pem).hexdigest()
    manifest = directory / "manifest.json"
    fresh = _is_fresh(manifest, fingerprint, now)
    if not fresh:
        manifest.write_bytes(msgspec.json.encode(_Manifest(fingerprint, now)))
    issued = 0
    for serial in serials:
        path = certificate_path(data_dir, serial)
        if fresh and path.exists():
            continue
        pair = authority.issue_client(serial, now=now)
        leaf = pair.certificate_pem.partition(_END)[0] + _END
        _write(path, pair.key_pem + leaf)
        issued += 1
        if progress is not None and issued % 100 == 0:
            progress(issued)
    return issued


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all, mode 0600; not synced to disk, a lost one is issued again."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def _is_fresh(manifest: Path, fingerprint: str, now: dt.datetime) -> bool:
    if not manifest.exists():
        return False
    try:
        known = msgspec.json.decode(manifest.read_bytes(), type=_Manifest)
    except msgspec.DecodeError:
        return False
    return known.authority == fingerprint and now - known.issued_at < REISSUE_AFTER
