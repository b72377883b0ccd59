"""What is answered to an Access-Request: joins reading, deciding and rendering. Knows no socket."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from radius.authorize import Accepted
from radius.deciding import Decide, when_decided
from radius.eap.responder import EapResponder
from radius.protocol.attributes import EAP_MESSAGE
from radius.protocol.connection import RequestReceived
from radius.question import Method, Refused
from radius.reading import read_question
from radius.reply import Answer, Replies

_LABELS: Final = {method: method.value.removeprefix("radius-") for method in Method}
"""Labels of latency."""


AnswerSome = Callable[[RequestReceived], Answer | Awaitable[Answer] | None]


class Answers:
    """The access port's answers.

    Args:
        decide: decides on what is asked.
        replies: renders decisions.
        eap: answers EAP; None: it is refused.
        others: answer requests of a kind of their own, and give None for those that are not.
    """

    def __init__(
        self,
        decide: Decide,
        replies: Replies,
        *,
        eap: EapResponder | None = None,
        others: Sequence[AnswerSome] = (),
    ) -> None:
        self._decide = decide
        self._replies = replies
        self._eap = eap
        self._others = tuple(others)

    def answer_access(self, request: RequestReceived) -> Answer | Awaitable[Answer]:
        """Answer an Access-Request, at once if nothing has to be asked of the database.

        Raises:
            MalformedError: its User-Password or CHAP-Password cannot be one, or its EAP-Message does not fit.
            UntrustedError: too many devices are in the middle of EAP.
        """
        packet = request.packet
        if self._eap is not None and packet.find(EAP_MESSAGE) is not None:
            return self._eap.answer(request)
        for answer_some in self._others:
            answer = answer_some(request)
            if answer is not None:
                return answer
        question = read_question(packet, request.secret, request.client.id)
        if isinstance(question, Refused):
            return self._replies.render(question, request)
        replies, method = self._replies, _LABELS[question.method]
        decision = self._decide(question)
        if isinstance(decision, Accepted | Refused):  # nearly always: no function is made for those
            return replies.render(decision, request, method)
        return when_decided(decision, lambda decided: replies.render(decided, request, method))
