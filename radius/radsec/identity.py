"""The certificates we show in RadSec if the operator has set none: kolco's authority issues them.

They are kept across restarts, so that a partner may note them, and renewed when they are about to expire
or the name has changed. A home server sees one for clients, a NAS one for servers.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from controller.core.pki import CertificateAuthority, Issued
from radius.radsec.certificates import is_issued_by, names_of

_RENEW_BEFORE: Final = timedelta(days=30)


def keep_server(authority: CertificateAuthority, directory: Path, *, name: str, now: datetime) -> Issued:
    """Return the server's certificate kept in a directory, issued anew if need be."""
    return _keep(
        authority, directory, "radsec", name, now, issue=lambda: authority.issue_server([name], now=now)
    )


def keep_client(authority: CertificateAuthority, directory: Path, *, name: str, now: datetime) -> Issued:
    """Return the client's certificate kept in a directory, issued anew if need be."""
    return _keep(
        authority, directory, "radsec-client", name, now, issue=lambda: authority.issue_client(name, now=now)
    )


def _keep(
    authority: CertificateAuthority,
    directory: Path,
    file: str,
    name: str,
    now: datetime,
    *,
    issue: Callable[[], Issued],
) -> Issued:
    certificate, key = directory / f"{file}.crt", directory / f"{file}.key"
    if certificate.exists() and key.exists():
        kept = Issued(certificate.read_bytes(), key.read_bytes())
        if _is_good(kept, authority, name, now):
            return kept
    issued = issue()
    issued.write(directory, file)
    return issued


def _is_good(kept: Issued, authority: CertificateAuthority, name: str, now: datetime) -> bool:
    try:
        leaf = x509.load_pem_x509_certificates(kept.certificate_pem)[0]
    except ValueError:
        return False
    ours = x509.load_pem_x509_certificate(authority.certificate_pem)
    return (
        leaf.not_valid_after_utc > now + _RENEW_BEFORE
        and names_of(leaf) == {name.lower()}
        and is_issued_by(leaf, ours)
    )
