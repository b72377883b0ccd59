"""An Access-Request for a device's network key to its answer: finds it, asks for a decision, tells the key.

The key is that of a device credential, so whether it is still good is decided as for any other. That the
device really has it is shown by the handshake it tried, or else by the access point that was told the key.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from controller.core.mac import Mac
from controller.directory.network_keys import OpenNetworkKey
from radius.authorize import Accepted, Decision
from radius.deciding import Decide, Render, when_decided
from radius.mpsk.ring import KeyRing
from radius.protocol import attributes as a
from radius.protocol.connection import RequestReceived
from radius.protocol.eap.steps import ResumedProof
from radius.protocol.mpsk import SALT_LENGTH, NetworkKey, encode_network_key, find_bss, find_handshake
from radius.question import Method, Question, Refusal, Refused
from radius.reply import Answer
from radius.stations import CalledStation, find_mac, parse_called_station

LABEL: Final = "mpsk"


class MpskResponder:
    """See the module.

    Args:
        ring: the keys.
        decide: decides on whose key it is.
        render: gives the answer of a decision.
        random_octets: gives as many random octets as asked for.
    """

    def __init__(
        self, ring: KeyRing, decide: Decide, render: Render, *, random_octets: Callable[[int], bytes]
    ) -> None:
        self._ring = ring
        self._decide = decide
        self._render = render
        self._random = random_octets

    def answer(self, request: RequestReceived) -> Answer | Awaitable[Answer] | None:
        """Answer an Access-Request; None if no key is for the network the device joins, or it is no MAC's.

        Raises:
            MalformedError: the handshake it tells of cannot be one, or is of a kind that is not known.
            UntrustedError: too many keys were tried lately.
        """
        if not self._ring:
            return None
        packet = request.packet
        called = parse_called_station(packet.find_text(a.CALLED_STATION_ID))
        bssid, ssid = find_bss(packet)
        ssid = ssid or called.ssid
        if not self._ring.has_network(ssid):
            return None
        named = find_mac(packet.find_text(a.USER_NAME))
        station = find_mac(packet.find_text(a.CALLING_STATION_ID)) or named
        if named is None or station is None:
            return None
        if named != station:
            return self._refuse(Refusal.STATION_MISMATCH, request)
        bssid = bssid or (_octets(called.mac) if called.mac else b"")
        handshake = find_handshake(packet, bssid, _octets(station))
        place = bssid.hex()
        key = self._ring.find(ssid, station, place, handshake, request.received_at)
        if key is None:
            return self._refuse(Refusal.NO_NETWORK_KEY, request)
        question = Question(
            Method.MPSK,
            key.username,
            "",
            station,
            CalledStation(called.mac, ssid),
            proof=ResumedProof(key.username),
            nas_id=request.client.id,
        )

        def finish(decision: Decision) -> Answer:
            return self._finish(key, decision, request, station, place)

        return when_decided(self._decide(question), finish)

    def _finish(
        self, key: OpenNetworkKey, decision: Decision, request: RequestReceived, station: Mac, place: str
    ) -> Answer:
        answer = self._render(decision, request, LABEL)
        attributes = answer.attributes
        if isinstance(decision, Accepted):
            self._ring.note_use(key, station, place)
            told = encode_network_key(
                request.client.vendor,
                NetworkKey(key.passphrase, key.pmk),
                request.secret,
                request.packet.authenticator,
                self._random(SALT_LENGTH),
            )
            attributes = [*attributes, *told]
        return Answer(answer.code, attributes, answer.outcome, answer.refusal, LABEL)

    def _refuse(self, reason: Refusal, request: RequestReceived) -> Answer:
        return self._render(Refused(reason), request, LABEL)


def _octets(mac: Mac) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
