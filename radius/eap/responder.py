"""An Access-Request with EAP to its answer: finds the conversation, asks for decisions, renders.

The decision on what a device offers is the same as for PAP, and so is what an Accept holds; EAP adds its
Success and the keys for the air. Whatever can be answered at once is; only a decision may have to be
waited for.
"""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Final

from radius.authorize import Accepted, Decision
from radius.deciding import Decide, Render
from radius.eap.sessions import STATE_LENGTH, EapSession, EapSessions
from radius.protocol import attributes as a
from radius.protocol.attributes import Code
from radius.protocol.connection import RequestReceived
from radius.protocol.eap.conversation import Conversation, Offers
from radius.protocol.eap.keys import SALT_LENGTH, encode_mppe_keys
from radius.protocol.eap.packet import (
    EapCode,
    EapPacket,
    EapType,
    encode_eap,
    encode_outcome,
    join_message,
    parse_eap,
    split_message,
)
from radius.protocol.eap.steps import (
    EapFailure,
    Failed,
    Finished,
    PasswordProof,
    Proof,
    Prove,
    Send,
    Step,
    Verdict,
)
from radius.question import Method, Question, Refused
from radius.reply import HANDED_OVER, Answer
from radius.stations import find_mac, parse_called_station

UNKNOWN_STATE: Final = "eap-unknown-state"
"""A State that was never given, or whose conversation ended: after a restart, or too slow."""
CHALLENGE: Final = "challenge"
ACCEPT: Final = "accept"
REJECT: Final = "reject"
ABANDONED: Final = "abandoned"

_OVERHEAD: Final = 10
"""EAP header, type, flags and length before a fragment's TLS octets."""
_SMALLEST_FRAGMENT: Final = 128
_REFUSED: Final = Verdict(False)
_METHODS: Final = {"tls": Method.EAP_TLS, "ttls": Method.EAP_TTLS, "peap": Method.EAP_PEAP}

_LABELS: Final = {name: f"eap-{name}" for name in _METHODS}
_UNDECIDED: Final = "eap"
"""Labels of latency; before a method is agreed on, the last."""

MakeOffers = Callable[[int], Offers]
"""Gives the methods offered to one device, for a most size of fragments."""
HandOver = Callable[[RequestReceived, bytes], bool]


class EapResponder:
    """See the module.

    Args:
        offers: the methods offered.
        sessions: the devices in the middle of EAP.
        decide: decides on what a device offers.
        render: gives the answer of a decision to the NAS that asks.
        count: told the method and outcome of each conversation that ends.
        random_octets: gives as many random octets as asked for.
        fragment_max: most TLS octets of one request.
        state_prefix: octets that every State begins with; they tell the workers whose conversation it is.
        hand_over: given a request with a State that is not known here, and that State; true if another
            worker has taken it.
    """

    def __init__(
        self,
        offers: MakeOffers,
        sessions: EapSessions,
        decide: Decide,
        render: Render,
        *,
        count: Callable[[str, str], None],
        random_octets: Callable[[int], bytes],
        fragment_max: int,
        state_prefix: bytes = b"",
        hand_over: HandOver = lambda _request, _state: False,
    ) -> None:
        self._offers = offers
        self._sessions = sessions
        self._decide = decide
        self._render_decision = render
        self._count = count
        self._random = random_octets
        self._fragment_max = fragment_max
        self._state_prefix = state_prefix
        self._hand_over = hand_over

    def answer(self, request: RequestReceived) -> Answer | Awaitable[Answer]:
        """Answer an Access-Request that has an EAP-Message.

        Raises:
            MalformedError: what EAP-Message holds is no EAP packet, or not the one that was asked for.
            UntrustedError: too many devices are in the middle of EAP.
        """
        packet = request.packet
        octets = join_message(packet.find_all(a.EAP_MESSAGE))
        if not octets:  # EAP-Start: the NAS leaves it to us to ask who is there (RFC 3579 §2.1)
            ask = encode_eap(EapCode.REQUEST, self._random(1)[0], EapType.IDENTITY)
            return Answer(Code.ACCESS_CHALLENGE, split_message(ask), CHALLENGE)
        eap = parse_eap(octets)
        state = packet.find(a.STATE)
        if eap.kind == EapType.IDENTITY and eap.code == EapCode.RESPONSE:
            session = self._open(request, eap)
            step = session.conversation.open()
        else:
            found = self._sessions.find(state or b"", request.client.id, request.received_at)
            if found is None:
                if state and self._hand_over(request, state):
                    return HANDED_OVER
                failure = encode_outcome(EapCode.FAILURE, eap.identifier)
                return Answer(Code.ACCESS_REJECT, split_message(failure), REJECT, UNKNOWN_STATE)
            session = found
            step = session.conversation.receive(eap)
        if isinstance(step, Prove):
            return self._prove(session, step.proof, request)
        return self._render(session, step, request)

    def _open(self, request: RequestReceived, identity: EapPacket) -> EapSession:
        now = request.received_at
        self._sessions.check_room(now)
        size = self._fragment_max
        frame = request.packet.find_integer(a.FRAMED_MTU)
        if frame is not None:  # no EAP packet may be larger (RFC 3579 §2.4)
            size = max(_SMALLEST_FRAGMENT, min(size, frame - _OVERHEAD))
        conversation = Conversation(self._offers(size), identity)
        state = self._state_prefix + self._random(STATE_LENGTH)
        return self._sessions.add(state, request.client.id, conversation, now)

    def _prove(
        self, session: EapSession, proof: Proof, request: RequestReceived
    ) -> Answer | Awaitable[Answer]:
        method = _METHODS[session.conversation.method.partition("-")[0]]
        with ExitStack() as undo:
            undo.callback(self._sessions.end, session)  # undecided it cannot go on; the device starts anew
            decision = self._decide(_question(method, proof, request))
            undo.pop_all()
        if isinstance(decision, Accepted | Refused):
            return self._resolve(session, decision, request)
        return self._wait(session, decision, request)

    async def _wait(
        self, session: EapSession, decision: Awaitable[Decision], request: RequestReceived
    ) -> Answer:
        with ExitStack() as undo:
            undo.callback(self._sessions.end, session)
            decided = await decision
            undo.pop_all()
        return self._resolve(session, decided, request)

    def _resolve(self, session: EapSession, decision: Decision, request: RequestReceived) -> Answer:
        session.decision = decision
        verdict = _REFUSED
        if isinstance(decision, Accepted):
            verdict = Verdict(True, decision.attestation, decision.keys)
        return self._render(session, session.conversation.resolve(verdict), request)

    def _render(self, session: EapSession, step: Step, request: RequestReceived) -> Answer:
        label = _LABELS.get(session.conversation.method.partition("-")[0], _UNDECIDED)
        if isinstance(step, Send):
            attributes = [*split_message(step.octets), (a.STATE, session.state)]
            return Answer(Code.ACCESS_CHALLENGE, attributes, CHALLENGE, "", label)
        self._sessions.end(session)
        conversation, decision = session.conversation, session.decision
        if isinstance(step, Finished) and isinstance(decision, Accepted):
            self._count(conversation.method, ACCEPT)
            answer = self._render_decision(decision, request, label)
            keys = encode_mppe_keys(
                step.msk, request.secret, request.packet.authenticator, self._random(2 * SALT_LENGTH)
            )
            message = split_message(conversation.encode_end(step))
            return Answer(answer.code, [*answer.attributes, *message, *keys], answer.outcome, "", label)
        failed = step if isinstance(step, Failed) else Failed(EapFailure.REFUSED)
        self._count(conversation.method, REJECT)
        refused = decision if isinstance(decision, Refused) else Refused(failed.reason)
        answer = self._render_decision(refused, request, label)
        message = split_message(conversation.encode_end(failed))
        return Answer(Code.ACCESS_REJECT, message, REJECT, answer.refusal, label)


def _question(method: Method, proof: Proof, request: RequestReceived) -> Question:
    packet = request.packet
    password = proof.password if isinstance(proof, PasswordProof) else ""
    station = find_mac(packet.find_text(a.CALLING_STATION_ID))
    called = parse_called_station(packet.find_text(a.CALLED_STATION_ID))
    return Question(method, proof.username, password, station, called, None, proof, request.client.id)
