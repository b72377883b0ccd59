"""kolco's own certificate authority: EC P-256, kept in the data directory.

Issues server certificates for the daemons, client certificates for access points, whose common name is the
serial, and for citizens' devices. kolco itself refuses both by name, when an access point is retired or a
credential revoked; for others there is a revocation list.
"""

import datetime as dt
import ipaddress
import ssl
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from controller.core.errors import InvalidInputError
from controller.core.secrets import write_private

_CA_DAYS = 3650
_BACKDATED = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, PEM. `certificate_pem` holds the leaf, then the authority's."""

    certificate_pem: bytes
    key_pem: bytes

    def write(self, directory: Path, name: str) -> tuple[Path, Path]:
        """Write `name.crt` and `name.key` (0600) and return both paths; what was there is replaced."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        paths = directory / f"{name}.crt", directory / f"{name}.key"
        for path, content in zip(paths, (self.certificate_pem, self.key_pem), strict=True):
            path.unlink(missing_ok=True)
            write_private(path, content)
        return paths


class CertificateAuthority:
    """The authority: opens, or on first use makes, the key and certificate in a directory."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key
        self.certificate_pem = certificate.public_bytes(serialization.Encoding.PEM)

    @classmethod
    def open(cls, directory: Path, *, name: str = "kolco CA") -> Self:
        """Return the authority of a directory, made on first use.

        Raises:
            InvalidInputError: the files are damaged or do not belong together.
        """
        bundle = directory / "ca.pem"
        if not bundle.exists():
            write_private(bundle, _new_authority(name))
            certificate_only = directory / "ca.crt"
            certificate = x509.load_pem_x509_certificate(bundle.read_bytes())
            certificate_only.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        content = bundle.read_bytes()
        try:
            certificate = x509.load_pem_x509_certificate(content)
            key = serialization.load_pem_private_key(content, password=None)
        except ValueError as error:
            raise InvalidInputError(
                f"{bundle} is damaged: {error}", hint="restore it from a backup"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise InvalidInputError(f"key and certificate in {bundle} do not belong together")
        return cls(certificate, key)

    def issue_server(self, names: Sequence[str], *, now: dt.datetime, days: int = 397) -> Issued:
        """Issue a server certificate for DNS names and IP addresses; the first is the common name."""
        return self._issue(
            names[0], _alternative_names(names), ExtendedKeyUsageOID.SERVER_AUTH, now, days=days
        )

    def issue_client(
        self, common_name: str, *, now: dt.datetime, days: int = 1825, serial: int | None = None
    ) -> Issued:
        """Issue a client certificate for an access point's serial or a credential's name.

        `serial` is the certificate's own number, for who wants to know it later; else it is random.
        """
        return self._issue(common_name, None, ExtendedKeyUsageOID.CLIENT_AUTH, now, days=days, serial=serial)

    def make_revocation_list(
        self, revoked: Iterable[tuple[int, dt.datetime]], *, now: dt.datetime, days: int
    ) -> bytes:
        """Return a list, PEM, of serial numbers and since when they are revoked; good for some days."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - _BACKDATED)
            .next_update(now + dt.timedelta(days=days))
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        for serial, since in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issue(
        self,
        common_name: str,
        alternative: x509.SubjectAlternativeName | None,
        usage: x509.ObjectIdentifier,
        now: dt.datetime,
        *,
        days: int,
        serial: int | None = None,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number() if serial is None else serial)
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        if alternative is not None:
            builder = builder.add_extension(alternative, critical=False)
        leaf = builder.sign(self._key, hashes.SHA256())
        return Issued(leaf.public_bytes(serialization.Encoding.PEM) + self.certificate_pem, _key_pem(key))


def server_context(issued: Issued, client_ca_pem: bytes | None = None) -> ssl.SSLContext:
    """Return a server's TLS context (1.2 and up); with `client_ca_pem` clients must show a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_chain(context, issued)
    if client_ca_pem is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca_pem.decode())
    return context


def client_context(ca_pem: bytes, issued: Issued | None = None) -> ssl.SSLContext:
    """Return a client's TLS context that trusts this authority and, if given, shows a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca_pem.decode())
    if issued is not None:
        load_chain(context, issued)
    return context


def load_chain(context: ssl.SSLContext, issued: Issued) -> None:
    """Load a certificate and key held in memory; the standard library takes only files."""
    with tempfile.NamedTemporaryFile() as file:  # made with mode 0600
        file.write(issued.key_pem + issued.certificate_pem)
        file.flush()
        context.load_cert_chain(file.name)


def _new_authority(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + dt.timedelta(days=_CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _alternative_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    entries: list[x509.GeneralName] = []
    for name in names:
        try:
            entries.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            entries.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(entries)
