"""What commands need to act as a device in EAP: certificates from files, and a probe from the options."""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from controller.cli.output import note
from controller.core.clock import SystemClock
from controller.core.errors import InvalidInputError
from controller.core.settings import CoreSettings
from radius.eap.probe import EapProbe
from radius.protocol.eap.tls import TlsIdentity

__all__ = ["PASSWORD_HINT", "make_probe", "read_authority", "read_identity"]

PASSWORD_HINT = "give it with KOLCO_TEST_PASSWORD or --password"  # noqa: S105 - advice, no password
_ISSUED = "`kolco radius credential issue --out DIR` writes .crt and .key as PEM; the authority is pki/ca.crt"


def make_probe(
    method: str,
    *,
    username: str,
    password: str,
    mac: str,
    called: str,
    anonymous: str,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    tls: str,
    resume: bool = False,
) -> EapProbe:
    """Return the probe; the authority is kolco's own unless another is named.

    Raises:
        InvalidInputError: a file is missing, or cannot be read.
    """
    identity = read_identity(certificate, key)
    if method == "tls" and identity is None:
        raise InvalidInputError(
            "tls needs a certificate",
            hint="--certificate and --key; `kolco radius credential issue` writes them",
        )
    authority = read_authority(ca)
    return EapProbe(method, authority, anonymous, username, password, identity, mac, called, tls, resume)


def read_authority(ca: Path | None) -> bytes:
    """Return the authority that the server's certificate must be of, PEM; by default kolco's own.

    Raises:
        InvalidInputError: the file cannot be read, or holds no certificate.
    """
    path = ca or CoreSettings.load().data_dir / "pki" / "ca.crt"
    pem = _read(path, hint="" if ca else "--ca names the authority's file; kolco's own is in pki/ca.crt")
    _parse_certificate(path, pem)
    return pem


def read_identity(certificate: Path | None, key: Path | None) -> TlsIdentity | None:
    """Return a device's certificate and its key; None if neither is named. One that is out of date is told.

    Raises:
        InvalidInputError: only one is named, or they cannot be read or do not belong together.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise InvalidInputError(
            "certificate and key belong together", hint="name both --certificate and --key"
        )
    identity = TlsIdentity(_read(certificate), _read(key))
    parsed = _parse_certificate(certificate, identity.certificate_pem)
    try:
        private = load_pem_private_key(identity.key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InvalidInputError(f"{key} holds no private key as PEM", hint=_ISSUED) from error
    if private.public_key() != parsed.public_key():
        raise InvalidInputError(f"{key} is not the key of {certificate}", hint=_ISSUED)
    if parsed.not_valid_after_utc <= SystemClock().now():
        note(f"{certificate} expired on {parsed.not_valid_after_utc:%Y-%m-%d}: it will be refused")
    return identity


def _parse_certificate(path: Path, pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise InvalidInputError(f"{path} holds no certificate as PEM", hint=_ISSUED) from error


def _read(path: Path, *, hint: str = "") -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror}", hint=hint) from error
