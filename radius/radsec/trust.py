"""Certificates, authorities and revocation lists from files, read again when a file changes.

A file that cannot be read any more leaves what was read before in force, and is logged: a fleet must not
lose RADIUS because a cron job wrote half a list. The same goes for a list that is out of date.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from controller.core.errors import InvalidInputError
from controller.core.log import get_logger
from controller.core.pki import Issued, load_chain
from radius.radsec.certificates import Revocations, read_authorities, read_revocations

LOG_UNREADABLE = "radius.radsec_trust_unreadable"
LOG_RELOADED = "radius.radsec_trust_reloaded"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TrustFiles:
    """Where trust comes from.

    Attributes:
        own_authority: kolco's own authority, a PEM certificate.
        authorities: PEM files of other authorities.
        revocations: files of revocation lists, PEM or DER.
        server: gives the certificate shown to clients.
        client: gives the certificate shown to home servers.
    """

    own_authority: bytes
    authorities: tuple[Path, ...]
    revocations: tuple[Path, ...]
    server: Callable[[], Issued]
    client: Callable[[], Issued]
    watched: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """What is in force.

    Attributes:
        own_authority: kolco's own authority.
        revocations: what was taken back.
        server: TLS for connections to us; each side shows a certificate.
        client: TLS for connections to home servers; each side shows a certificate.
        expires_at: when our server certificate expires, unix time.
    """

    own_authority: x509.Certificate
    revocations: Revocations
    server: ssl.SSLContext
    client: ssl.SSLContext
    expires_at: float

    def is_good(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate that TLS found good was not taken back."""
        return not self.revocations.is_revoked(certificate)


class TrustKeeper:
    """Holds the trust in force.

    Args:
        files: where it comes from.

    Raises:
        InvalidInputError: a file cannot be read or used.
    """

    def __init__(self, files: TrustFiles) -> None:
        self._files = files
        self._stamps = self._look()
        self._listeners: list[Callable[[], None]] = []
        self.current = read_trust(files)
        self.readable = True
        """Whether the files could be read when they last changed; if not, `current` is from before."""

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when trust is another."""
        self._listeners.append(listener)

    async def watch(self, every_s: float) -> None:
        """Look after the files until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await self.refresh()

    async def refresh(self) -> None:
        """Read the files again if one has changed."""
        stamps = self._look()
        if stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            self.current = await asyncio.to_thread(read_trust, self._files)
        except InvalidInputError as error:
            self.readable = False
            _log.error(LOG_UNREADABLE, reason=error.message)
            return
        self.readable = True
        _log.info(LOG_RELOADED, revocation_lists=len(self.current.revocations))
        for listener in self._listeners:
            listener()

    def _look(self) -> list[tuple[int, int, int] | None]:
        files = self._files
        return [_stamp(path) for path in (*files.authorities, *files.revocations, *files.watched)]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def read_trust(files: TrustFiles) -> Trust:
    """Return the trust that the files give now.

    Raises:
        InvalidInputError: a file cannot be read or used; the message names it.
    """
    pems = [files.own_authority, *(_read(path) for path in files.authorities)]
    authorities = [one for pem in pems for one in read_authorities(pem)]
    lists = []
    for path in files.revocations:
        try:
            lists.append(read_revocations(_read(path), authorities))
        except InvalidInputError as error:
            raise InvalidInputError(f"{path}: {error.message}", hint="see KOLCO_RADIUS_RADSEC_CRL") from error
    server, client = files.server(), files.client()
    try:
        leaf = x509.load_pem_x509_certificates(server.certificate_pem)[0]
        return Trust(
            x509.load_pem_x509_certificate(files.own_authority),
            Revocations(lists),
            _context(ssl.PROTOCOL_TLS_SERVER, server, pems),
            _context(ssl.PROTOCOL_TLS_CLIENT, client, pems),
            leaf.not_valid_after_utc.timestamp(),
        )
    except (ssl.SSLError, ValueError) as error:
        raise InvalidInputError(
            "the RadSec certificate, its key or an authority cannot be used",
            hint="KOLCO_RADIUS_RADSEC_CERTIFICATE and …_PRIVATE_KEY name PEM files of one pair, …_CA others",
        ) from error


def _context(protocol: int, issued: Issued, authorities: Sequence[bytes]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_NO_RENEGOTIATION
    for pem in authorities:
        context.load_verify_locations(cadata=pem.decode())
    load_chain(context, issued)
    if protocol == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0  # connections live long; what was revoked is not to be resumed
        context.options |= ssl.OP_NO_TICKET
    return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"cannot read {path}: {error.strerror}", hint="see the settings KOLCO_RADIUS_RADSEC_…"
        ) from error


def read_issued(certificate: Path, private_key: Path) -> Issued:
    """Return a certificate and its key from PEM files.

    Raises:
        InvalidInputError: a file cannot be read.
    """
    return Issued(_read(certificate), _read(private_key))
