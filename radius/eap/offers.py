"""The methods offered to devices, put together from our certificate and the authority of theirs."""

from collections.abc import Callable, Sequence
from typing import Final

from radius.protocol.eap.certificate import CertificateInside
from radius.protocol.eap.conversation import Offers
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH
from radius.protocol.eap.packet import EapType
from radius.protocol.eap.peap import PeapInside
from radius.protocol.eap.tls import TlsIdentity, TlsServer
from radius.protocol.eap.ttls import TtlsInside
from radius.protocol.eap.tunnel import TlsMethod
from radius.settings import EapMethod

_TYPES: Final = {"tls": EapType.TLS, "ttls": EapType.TTLS, "peap": EapType.PEAP}


class OfferMaker:
    """Makes the offers of one device after another.

    Args:
        names: what is offered, the best first.
        identity: our certificate.
        client_ca_pem: the authority of the devices' certificates.
        random_octets: gives as many random octets as asked for.

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
    ) -> None:
        self._random = random_octets
        self._anonymous = TlsServer(identity)
        self._mutual = TlsServer(identity, client_ca_pem)
        self._names = tuple(names)

    def __call__(self, fragment_max: int) -> Offers:
        """Return the offers of one device; a method is made when it is proposed."""
        makers: dict[EapType, Callable[[int], TlsMethod]] = {
            EapType.TLS: self._tls,
            EapType.TTLS: self._ttls,
            EapType.PEAP: self._peap,
        }

        def bound(kind: EapType) -> Callable[[], TlsMethod]:
            return lambda: makers[kind](fragment_max)

        return {_TYPES[name]: bound(_TYPES[name]) for name in self._names}

    def _tls(self, fragment_max: int) -> TlsMethod:
        engine = self._mutual.open()
        return TlsMethod(EapType.TLS, engine, CertificateInside(engine), fragment_max=fragment_max)

    def _ttls(self, fragment_max: int) -> TlsMethod:
        engine = self._anonymous.open()
        inside = TtlsInside(engine, self._random(CHALLENGE_LENGTH))
        return TlsMethod(EapType.TTLS, engine, inside, fragment_max=fragment_max)

    def _peap(self, fragment_max: int) -> TlsMethod:
        engine = self._anonymous.open()
        inside = PeapInside(self._random(CHALLENGE_LENGTH))
        return TlsMethod(EapType.PEAP, engine, inside, fragment_max=fragment_max)
