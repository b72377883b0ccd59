"""What is answered to an Access-Request: joins reading, deciding and rendering. Knows no socket."""

from radius.authorize import Decision
from radius.eap.responder import EapResponder
from radius.group import Group
from radius.protocol.attributes import EAP_MESSAGE
from radius.protocol.connection import RequestReceived
from radius.question import Question, Refused, read_question
from radius.reply import Answer, render_decision
from radius.session_class import ClassCodec


class Answers:
    """The access port's answers.

    Args:
        decisions: decides Access-Requests.
        codec: writes Class.
        eap: answers EAP; None: it is refused.
    """

    def __init__(
        self,
        decisions: Group[Question, Decision],
        codec: ClassCodec,
        *,
        eap: EapResponder | None = None,
    ) -> None:
        self._decisions = decisions
        self._codec = codec
        self._eap = eap

    async def answer_access(self, request: RequestReceived) -> Answer:
        """Answer an Access-Request.

        Raises:
            MalformedError: its User-Password or CHAP-Password cannot be one, or its EAP-Message does not fit.
            UntrustedError: too many devices are in the middle of EAP.
        """
        if self._eap is not None and request.packet.find(EAP_MESSAGE) is not None:
            answer = self._eap.answer(request)
            return answer if isinstance(answer, Answer) else await answer
        question = read_question(request.packet, request.secret)
        if isinstance(question, Refused):
            return render_decision(question, self._codec)
        return render_decision(await self._decisions.submit(question), self._codec)
