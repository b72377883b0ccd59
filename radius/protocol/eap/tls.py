"""TLS between two buffers: octets in, octets out. pyOpenSSL, because EAP needs TLS's key exporter.

Versions 1.2 and 1.3, nothing older; no renegotiation. Sessions may be resumed where the server is told to:
one with a client certificate says itself who it is, for others the engine gives names of the session, by
which `resumption` knows it again. OpenSSL makes its own random numbers and, in a full handshake, compares
the certificate's validity with the machine's clock.
"""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from radius.protocol.eap.steps import EapFailure

_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2; all have forward secrecy."""
_OPTIONS: Final = SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION
"""Without tickets sessions stay with us: a ticket would hold the certificate, and cost two more rounds."""
_SESSION_CONTEXT: Final = b"kolco-eap"
_READ_SIZE: Final = 65_536
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
"""X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED."""
_NO_CERTIFICATE: Final = "peer did not return a certificate"


class TlsFailedError(Exception):
    """TLS is over; `reason` says why."""

    def __init__(self, reason: EapFailure) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class TlsIdentity:
    """Our certificate and key, PEM; `certificate_pem` holds the leaf, then those that signed it."""

    certificate_pem: bytes
    key_pem: bytes

    def expires_at(self) -> datetime:
        """Return when the leaf expires.

        Raises:
            ValueError: there is no certificate.
        """
        return x509.load_pem_x509_certificate(self.certificate_pem).not_valid_after_utc


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What the peer's certificate says: its common name, empty if there is none, and when it expires."""

    name: str
    expires_at: datetime


class TlsServer:
    """Opens TLS engines.

    Args:
        identity: what we show.
        client_ca_pem: the authority of the devices' certificates; None: none is asked for.
        resumed_for_s: seconds for which a session may be resumed; 0: it may not. Sessions are held by this
            server: others ask for a full handshake.

    Raises:
        ValueError: something is no PEM.
        OpenSSL.SSL.Error: key and certificate do not belong together.
    """

    def __init__(
        self, identity: TlsIdentity, client_ca_pem: bytes | None = None, *, resumed_for_s: int = 0
    ) -> None:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_cipher_list(_CIPHERS)
        context.set_options(_OPTIONS)
        _show(context, identity)
        context.set_session_id(_SESSION_CONTEXT)
        context.set_session_cache_mode(SSL.SESS_CACHE_SERVER if resumed_for_s else SSL.SESS_CACHE_OFF)
        if resumed_for_s:
            context.set_timeout(resumed_for_s)
        if client_ca_pem is not None:
            _trust(context, client_ca_pem)
            context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _verify)
        self._context = context
        self._named = bool(resumed_for_s) and client_ca_pem is None

    def open(self) -> "TlsEngine":
        """Return a new engine."""
        connection = SSL.Connection(self._context, None)
        connection.set_accept_state()
        return TlsEngine(connection, named=self._named)


class TlsClient:
    """Opens engines for a device's side; the server's certificate must be of an authority.

    Args:
        ca_pem: the authority. The name in the certificate is not looked at.
        identity: what the device shows, if it has a certificate.
        newest: highest version of TLS; 0: the highest there is.

    Raises:
        ValueError: something is no PEM.
        OpenSSL.SSL.Error: key and certificate do not belong together.
    """

    def __init__(self, ca_pem: bytes, identity: TlsIdentity | None = None, *, newest: int = 0) -> None:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_max_proto_version(newest)
        if identity is not None:
            _show(context, identity)
        _trust(context, ca_pem)
        context.set_verify(SSL.VERIFY_PEER, _verify)
        self._context = context

    def open(self, *, resume: "TlsEngine | None" = None) -> "TlsEngine":
        """Return a new engine, which may resume the session of one that was established."""
        connection = SSL.Connection(self._context, None)
        connection.set_connect_state()
        if resume is None:
            return TlsEngine(connection)
        return TlsEngine(connection, offered=resume.offer(connection))


@dataclass(slots=True)
class _Notes:
    """What OpenSSL's callbacks note: errors of certificates, and names of the session."""

    errors: list[int] = field(default_factory=list)
    names: set[bytes] = field(default_factory=set)


class TlsEngine:
    """One TLS connection.

    Args:
        connection: over memory, in accepting or connecting state.
        named: give names to the session; for a server.
        offered: the name of the session that is offered to be resumed; for a client.
    """

    def __init__(
        self, connection: SSL.Connection, *, named: bool = False, offered: bytes | None = None
    ) -> None:
        self._connection = connection
        self._notes = _Notes()
        self._named = named
        self._offered = offered
        connection.set_app_data(self._notes)
        self.established = False

        self.resumed: bytes | None = None
        """The name of the session that is resumed; None in a full handshake, or if nobody asked for it."""

    @property
    def names(self) -> frozenset[bytes]:
        """Names under which the peer may resume this session, once established; none if not `named`."""
        return frozenset(self._notes.names)

    @property
    def is_tls13(self) -> bool:
        """Whether it is TLS 1.3; known when established."""
        return self._connection.get_protocol_version() == SSL.TLS1_3_VERSION

    @property
    def cipher(self) -> str:
        """The cipher suite, by its name in OpenSSL; known when established."""
        return self._connection.get_cipher_name() or ""

    def feed(self, octets: bytes) -> None:
        """Take octets of the peer."""
        if octets:
            self._connection.bio_write(octets)

    def keep_session(self) -> None:
        """Let the peer resume this session later; one whose engine just goes away is forgotten."""
        self._connection.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)

    def offer(self, connection: SSL.Connection) -> bytes | None:
        """Have a new connection of the same side resume this session; return the session's name."""
        session = self._connection.get_session()
        if session is not None:
            connection.set_session(session)
        return _name(self._connection)

    def take_output(self) -> bytes:
        """Return what is to be sent."""
        parts: list[bytes] = []
        try:
            while not parts or len(parts[-1]) == _READ_SIZE:  # a shorter one was the last
                parts.append(self._connection.bio_read(_READ_SIZE))
        except SSL.WantReadError:
            pass  # nothing is left
        return b"".join(parts)

    def shake_hands(self) -> bool:
        """Go on with the handshake; True when it is done.

        Raises:
            TlsFailedError: it failed. There may be an alert to send.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            if self._named:
                self._look()
            return False
        except SSL.Error as error:
            raise TlsFailedError(self._reason(error)) from error
        self.established = True
        if self._named:
            _note_name(self._connection, SSL.SSL_CB_ACCEPT_LOOP, 0)
        if self._offered is not None and _name(self._connection) == self._offered:
            self.resumed = self._offered
        return True

    def read(self) -> bytes:
        """Return what the peer said through the tunnel since the last call.

        Raises:
            TlsFailedError: the peer ended it, or it is damaged.
        """
        parts = []
        try:
            while True:
                parts.append(self._connection.recv(_READ_SIZE))
        except SSL.WantReadError:
            return b"".join(parts)
        except SSL.Error as error:
            raise TlsFailedError(EapFailure.TLS) from error

    def write(self, plain: bytes) -> None:
        """Say something through the tunnel; `take_output` returns it encrypted.

        Raises:
            TlsFailedError: the peer ended it.
        """
        if not plain:
            return
        try:
            self._connection.sendall(plain)
        except SSL.Error as error:
            raise TlsFailedError(EapFailure.TLS) from error

    def export(self, label: bytes, length: int, context: bytes | None) -> bytes:
        """Return keys that both sides have (RFC 5705, RFC 8446 §7.5)."""
        return self._connection.export_keying_material(label, length, context)

    def peer_certificate(self) -> PeerCertificate | None:
        """Return what the peer's certificate says, resumed or not; None if it has none."""
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            return None
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return PeerCertificate(str(names[0].value) if names else "", certificate.not_valid_after_utc)

    def _look(self) -> None:
        """See, after our first flight, what session is resumed: one that is new has no secret yet.

        A new one of TLS 1.3 gets two tickets in one go, each with a secret that only a callback sees.
        """
        self.resumed = _name(self._connection)
        if self.resumed is None and self.is_tls13:
            self._connection.set_info_callback(_note_name)

    def _reason(self, error: SSL.Error) -> EapFailure:
        errors = self._notes.errors
        if errors:
            dated = errors[0] in {_NOT_YET_VALID, _EXPIRED}
            return EapFailure.CERTIFICATE_EXPIRED if dated else EapFailure.CERTIFICATE_UNTRUSTED
        if _NO_CERTIFICATE in str(error):
            return EapFailure.NO_CERTIFICATE
        return EapFailure.TLS


def _show(context: SSL.Context, identity: TlsIdentity) -> None:
    leaf, *others = x509.load_pem_x509_certificates(identity.certificate_pem)
    context.use_certificate(leaf)
    for certificate in others:
        if certificate.subject != certificate.issuer:  # the peer has the root, or has no use for it
            context.add_extra_chain_cert(certificate)
    key = load_pem_private_key(identity.key_pem, password=None)
    context.use_privatekey(key)  # type: ignore[arg-type]  # the kinds TLS has are those it takes
    context.check_privatekey()


def _trust(context: SSL.Context, ca_pem: bytes) -> None:
    store = context.get_cert_store()
    for certificate in x509.load_pem_x509_certificates(ca_pem):
        if store is not None:
            store.add_cert(crypto.X509.from_cryptography(certificate))


def _verify(
    connection: SSL.Connection, _certificate: crypto.X509, number: int, _depth: int, right: int
) -> bool:
    """Note why OpenSSL does not trust a certificate; its judgement stands."""
    if not right:
        connection.get_app_data().errors.append(number)
    return bool(right)


def _name(connection: SSL.Connection) -> bytes | None:
    """Return the digest of the session's secret, if it has one by now."""
    try:
        secret = connection.master_key()
    except SSL.Error:
        return None
    return None if secret is None else sha256(secret).digest()


def _note_name(connection: SSL.Connection, where: int, _code: int) -> None:
    if where == SSL.SSL_CB_ACCEPT_LOOP:
        name = _name(connection)
        if name is not None:
            connection.get_app_data().names.add(name)
