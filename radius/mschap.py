"""An Access-Request with MSCHAPv2 to its answer. What its attributes hold is for `protocol.mschap` to say."""

from collections.abc import Awaitable, Callable
from typing import Final

from radius.authorize import Accepted, Decision
from radius.deciding import Decide, Render, when_decided
from radius.protocol import attributes as a
from radius.protocol.connection import RequestReceived
from radius.protocol.eap.keys import SALT_LENGTH
from radius.protocol.eap.mschapv2 import MsChapV2Result
from radius.protocol.mschap import MsChapAsked, encode_error, encode_success, find_mschapv2
from radius.question import Method, Question
from radius.reply import Answer
from radius.stations import find_mac, parse_called_station

LABEL: Final = "mschapv2"


class MsChapResponder:
    """See the module.

    Args:
        decide: decides on what a device offers.
        render: gives the answer of a decision.
        random_octets: gives as many random octets as asked for.
    """

    def __init__(self, decide: Decide, render: Render, *, random_octets: Callable[[int], bytes]) -> None:
        self._decide = decide
        self._render = render
        self._random = random_octets

    def answer(self, request: RequestReceived) -> Answer | Awaitable[Answer] | None:
        """Answer an Access-Request; None if it has no MSCHAPv2.

        Raises:
            MalformedError: what it has cannot be that.
        """
        packet = request.packet
        asked = find_mschapv2(packet)
        if asked is None:
            return None
        question = Question(
            Method.MSCHAPV2,
            asked.proof.username,
            "",
            find_mac(packet.find_text(a.CALLING_STATION_ID)),
            parse_called_station(packet.find_text(a.CALLED_STATION_ID)),
            proof=asked.proof,
            nas_id=request.client.id,
        )
        return when_decided(self._decide(question), lambda decided: self._finish(asked, decided, request))

    def _finish(self, asked: MsChapAsked, decision: Decision, request: RequestReceived) -> Answer:
        answer = self._render(decision, request, LABEL)
        if isinstance(decision, Accepted):
            more = encode_success(
                asked,
                MsChapV2Result(decision.attestation, decision.keys),
                request.secret,
                request.packet.authenticator,
                self._random(2 * SALT_LENGTH),
            )
        else:
            more = [encode_error(asked)]
        return Answer(answer.code, [*answer.attributes, *more], answer.outcome, answer.refusal, LABEL)
