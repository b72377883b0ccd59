"""What a peer's certificate says, and whether its authority took it back. Pure: octets in, no files.

Chains, dates and purposes are TLS's matter; this is what comes on top of it.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv6Address
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from controller.core.errors import InvalidInputError

_DISCARD_ONLY: Final = int(IPv6Address("100::"))
_INTERFACE_OCTETS: Final = 8
_PEM: Final = b"-----BEGIN"


def names_of(certificate: x509.Certificate) -> frozenset[str]:
    """Return the names a certificate holds, lower-case: common name, DNS names, IP addresses and URIs."""
    names = {str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return frozenset(name.lower() for name in names)
    names.update(alternative.get_values_for_type(x509.DNSName))
    names.update(str(address) for address in alternative.get_values_for_type(x509.IPAddress))
    names.update(alternative.get_values_for_type(x509.UniformResourceIdentifier))
    return frozenset(name.lower() for name in names)


def common_name_of(certificate: x509.Certificate) -> str:
    """Return the common name, empty if there is not exactly one."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else ""


def is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Tell whether this very authority signed the certificate."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def stand_in_address(name: str) -> str:
    """Return the IP address under which a peer's accounting is kept, whatever address it comes from.

    A NAS's part of a session is told apart by its address; one that is known by its certificate may come
    from another address after each reconnection. The prefix 100::/64 is for discarding (RFC 6666): what
    would ever be sent there goes nowhere.
    """
    digest = sha256(name.encode()).digest()[:_INTERFACE_OCTETS]
    return str(IPv6Address(_DISCARD_ONLY | int.from_bytes(digest, "big")))


class Revocations:
    """Certificates that were taken back.

    Args:
        lists: revocation lists, each with a good signature of its authority.
    """

    def __init__(self, lists: Iterable[x509.CertificateRevocationList] = ()) -> None:
        self._lists = tuple(lists)

    def __len__(self) -> int:
        """Return the number of lists."""
        return len(self._lists)

    def is_revoked(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate's issuer took it back."""
        return any(
            one.issuer == certificate.issuer
            and one.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
            for one in self._lists
        )

    def next_update(self) -> datetime | None:
        """Return when the first list is out of date; None if no list says so."""
        return min((one.next_update_utc for one in self._lists if one.next_update_utc), default=None)


def read_authorities(octets: bytes) -> list[x509.Certificate]:
    """Return the certificates of a PEM file.

    Raises:
        InvalidInputError: there is none, or one is damaged.
    """
    try:
        return x509.load_pem_x509_certificates(octets)
    except ValueError as error:
        raise InvalidInputError(f"it holds no PEM certificates: {error}") from error


def read_revocations(
    octets: bytes, authorities: Iterable[x509.Certificate]
) -> x509.CertificateRevocationList:
    """Return a revocation list, PEM or DER, that one of the authorities signed.

    Raises:
        InvalidInputError: it is damaged, or nobody's we trust.
    """
    try:
        load = x509.load_pem_x509_crl if octets.lstrip().startswith(_PEM) else x509.load_der_x509_crl
        found = load(octets)
    except ValueError as error:
        raise InvalidInputError("it is no revocation list, PEM or DER") from error
    for authority in authorities:
        if authority.subject == found.issuer and _is_signed(found, authority):
            return found
    raise InvalidInputError("none of the trusted authorities signed this revocation list")


def _is_signed(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return found.is_signature_valid(authority.public_key())  # type: ignore[arg-type]  # others raise
    except (TypeError, UnsupportedAlgorithm):
        return False
