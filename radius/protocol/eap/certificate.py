"""EAP-TLS once the handshake is done: the certificate's name is the proof (RFC 5216, RFC 9190)."""

from radius.protocol.eap.steps import (
    PROTECTED_SUCCESS,
    Agreed,
    CertificateProof,
    InnerStep,
    Prove,
    Send,
    Verdict,
)
from radius.protocol.eap.tls import TlsEngine
from radius.protocol.errors import DropReason, MalformedError


class CertificateInside:
    """Nothing is said inside the tunnel but, with TLS 1.3, that the device is accepted.

    Args:
        engine: the tunnel.
    """

    name = "tls"

    def __init__(self, engine: TlsEngine) -> None:
        self._engine = engine
        self._told = False

    def begin(self, resumed: str | None) -> InnerStep | None:
        """Ask for the verdict on the certificate, which a session that is resumed holds too.

        Raises:
            MalformedError: there is none, which TLS should not have let pass.
        """
        del resumed
        certificate = self._engine.peer_certificate()
        if certificate is None:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        return Prove(CertificateProof(certificate.name, certificate.expires_at))

    def receive(self, plain: bytes) -> InnerStep:
        """Take the device's acknowledgement.

        Raises:
            MalformedError: it says something.
        """
        if plain or not self._told:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        return Agreed(True)

    def resolve(self, verdict: Verdict) -> InnerStep:
        """Take the verdict."""
        if verdict.accepted and self._engine.is_tls13:
            self._told = True
            return Send(PROTECTED_SUCCESS)
        return Agreed(verdict.accepted)
