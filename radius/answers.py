"""What is answered on each port: joins reading, deciding or storing, and rendering. Knows no socket."""

from collections.abc import Callable

from radius.authorize import Decision
from radius.eap.responder import EapResponder
from radius.group import Group
from radius.metrics import RadiusMetrics
from radius.outcomes import Applied, Outcome
from radius.protocol.attributes import EAP_MESSAGE, AcctStatusType
from radius.protocol.connection import RequestReceived
from radius.question import Question, Refused, read_question
from radius.records import Record, Unusable, read_record
from radius.reply import ACCOUNTED, Answer, render_decision
from radius.session_class import ClassCodec


class Answers:
    """The two ports' answers.

    Args:
        decisions: decides Access-Requests.
        ledger: stores accounting records.
        codec: writes and reads Class.
        metrics: counts what became of accounting records.
        still_online: told the session when a NAS goes on counting for one that has ended.
        eap: answers EAP; None: it is refused.
    """

    def __init__(
        self,
        decisions: Group[Question, Decision],
        ledger: Group[Record, Applied],
        codec: ClassCodec,
        metrics: RadiusMetrics,
        *,
        still_online: Callable[[str], None],
        eap: EapResponder | None = None,
    ) -> None:
        self._decisions = decisions
        self._ledger = ledger
        self._codec = codec
        self._metrics = metrics
        self._still_online = still_online
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

    async def answer_accounting(self, request: RequestReceived) -> Answer:
        """Answer an Accounting-Request; returns only when its record is committed.

        Raises:
            Exception: it could not be stored, so it must not be acknowledged.
        """
        record = read_record(request, self._codec)
        if isinstance(record, Unusable):
            self._metrics.count_accounting("unusable", record.value)
            return ACCOUNTED
        applied = await self._ledger.submit(record)
        self._metrics.count_accounting(record.kind.name.lower().replace("_", "-"), applied.outcome.value)
        if applied.outcome is Outcome.LATE and record.kind is AcctStatusType.INTERIM_UPDATE:
            self._still_online(applied.session_id)
        return ACCOUNTED
