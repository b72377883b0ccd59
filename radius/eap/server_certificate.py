"""The certificate that devices see in EAP: the operator's own, or one of kolco's authority.

A device remembers the certificate it was shown, so kolco's is kept across restarts and only renewed when
it is about to expire or the name has changed.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from controller.core.errors import InvalidInputError
from controller.core.pki import CertificateAuthority
from radius.protocol.eap.tls import TlsIdentity

_FILE: Final = "eap"
_RENEW_BEFORE: Final = timedelta(days=30)


def read_identity(certificate: Path, private_key: Path) -> TlsIdentity:
    """Return the operator's own certificate.

    Raises:
        InvalidInputError: a file cannot be read.
    """
    try:
        return TlsIdentity(certificate.read_bytes(), private_key.read_bytes())
    except OSError as error:
        raise InvalidInputError(
            f"cannot read {error.filename}: {error.strerror}",
            hint="KOLCO_RADIUS_EAP_CERTIFICATE and KOLCO_RADIUS_EAP_PRIVATE_KEY name PEM files",
        ) from error


def keep_identity(
    authority: CertificateAuthority, directory: Path, *, name: str, now: datetime
) -> TlsIdentity:
    """Return the certificate kept in a directory, issued anew if need be."""
    certificate, key = directory / f"{_FILE}.crt", directory / f"{_FILE}.key"
    if certificate.exists() and key.exists():
        kept = TlsIdentity(certificate.read_bytes(), key.read_bytes())
        if _is_good(kept, authority, name, now):
            return kept
    issued = authority.issue_server([name], now=now)
    issued.write(directory, _FILE)
    return TlsIdentity(issued.certificate_pem, issued.key_pem)


def _is_good(kept: TlsIdentity, authority: CertificateAuthority, name: str, now: datetime) -> bool:
    try:
        leaf, *others = x509.load_pem_x509_certificates(kept.certificate_pem)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    ours = x509.load_pem_x509_certificate(authority.certificate_pem)
    return (
        leaf.not_valid_after_utc > now + _RENEW_BEFORE
        and names.get_values_for_type(x509.DNSName) == [name]
        and others == [ours]
    )
