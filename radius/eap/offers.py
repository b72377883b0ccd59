"""The methods offered to devices, put together from our certificate and the authority of theirs."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from radius.protocol.eap.certificate import CertificateInside
from radius.protocol.eap.conversation import Offers
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH
from radius.protocol.eap.packet import EapType
from radius.protocol.eap.peap import RANDOM_LENGTH, PeapInside
from radius.protocol.eap.resumption import Resumptions
from radius.protocol.eap.tls import TlsIdentity, TlsServer
from radius.protocol.eap.ttls import TtlsInside
from radius.protocol.eap.tunnel import TlsMethod
from radius.settings import EapMethod

_TYPES: Final = {"tls": EapType.TLS, "ttls": EapType.TTLS, "peap": EapType.PEAP}


class OfferMaker:
    """Makes the offers of one device after another.

    Sessions are resumed within a method only, so each has a TLS server of its own.

    Args:
        names: what is offered, the best first.
        identity: our certificate.
        client_ca_pem: the authority of the devices' certificates.
        random_octets: gives as many random octets as asked for.
        resumed_for_s: seconds for which a TLS session may be resumed; 0: it may not.

    Raises:
        ValueError: a certificate or key is no PEM.
        OpenSSL.SSL.Error: key and certificate do not belong together.
    """

    def __init__(
        self,
        names: Sequence[EapMethod],
        identity: TlsIdentity,
        client_ca_pem: bytes,
        random_octets: Callable[[int], bytes],
        *,
        resumed_for_s: int = 0,
    ) -> None:
        self._random = random_octets
        self._tls_server = TlsServer(identity, client_ca_pem, resumed_for_s=resumed_for_s)
        self._ttls_server = TlsServer(identity, resumed_for_s=resumed_for_s)
        self._peap_server = TlsServer(identity, resumed_for_s=resumed_for_s)
        self._ttls_resumptions = Resumptions()
        self._peap_resumptions = Resumptions()
        makers = {"tls": self._tls, "ttls": self._ttls, "peap": self._peap}
        self._makers = [(_TYPES[name], makers[name]) for name in names]

    def __call__(self, fragment_max: int) -> Offers:
        """Return the offers of one device; a method is made when it is proposed."""
        return {kind: partial(make, fragment_max) for kind, make in self._makers}

    def _tls(self, fragment_max: int) -> TlsMethod:
        engine = self._tls_server.open()
        return TlsMethod(EapType.TLS, engine, CertificateInside(engine), fragment_max=fragment_max)

    def _ttls(self, fragment_max: int) -> TlsMethod:
        engine = self._ttls_server.open()
        inside = TtlsInside(engine, self._random(CHALLENGE_LENGTH))
        return TlsMethod(
            EapType.TTLS,
            engine,
            inside,
            fragment_max=fragment_max,
            resumptions=self._ttls_resumptions,
        )

    def _peap(self, fragment_max: int) -> TlsMethod:
        engine = self._peap_server.open()
        inside = PeapInside(engine, self._random(RANDOM_LENGTH))
        return TlsMethod(
            EapType.PEAP,
            engine,
            inside,
            fragment_max=fragment_max,
            resumptions=self._peap_resumptions,
        )
