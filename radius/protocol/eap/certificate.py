"""EAP-TLS once the handshake is done: the certificate's name is the proof (RFC 5216, RFC 9190)."""

from typing import Final

from radius.protocol.eap.steps import Agreed, CertificateProof, InnerStep, Prove, Send, Verdict
from radius.protocol.eap.tls import TlsEngine
from radius.protocol.errors import DropReason, MalformedError

_PROTECTED_SUCCESS: Final = b"\0"
"""With TLS 1.3 the device must hear through the tunnel that no more is to come (RFC 9190 §2.5)."""


class CertificateInside:
    """Nothing is said inside the tunnel but, with TLS 1.3, that the device is accepted.

    Args:
        engine: the tunnel.
    """

    name = "tls"

    def __init__(self, engine: TlsEngine) -> None:
        self._engine = engine
        self._told = False

    def begin(self) -> InnerStep | None:
        """Ask for the verdict on the certificate.

        Raises:
            MalformedError: there is none, which TLS should not have let pass.
        """
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
            return Send(_PROTECTED_SUCCESS)
        return Agreed(verdict.accepted)
