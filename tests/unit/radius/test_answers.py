import asyncio

from radius.answers import Answers
from radius.protocol.attributes import Code
from radius.question import Method, Refusal, Refused
from radius.reply import Answer, Replies
from radius.session_class import ClassCodec
from tests.factories.radius import request


class FakeDecisions:
    def __init__(self, *, late=False):
        self.asked = []
        self.late = late

    def decide(self, question):
        self.asked.append(question)
        refused = Refused(Refusal.WRONG_CREDENTIAL)
        return asyncio.sleep(0, refused) if self.late else refused


def answers(**options):
    decisions = FakeDecisions(**options)
    return Answers(decisions.decide, Replies(ClassCodec(bytes(32)))), decisions


def test_an_access_request_is_decided_at_once():
    made, decisions = answers()
    answer = made.answer_access(request(User_Name="u", password="p"))
    assert (answer.code, answer.refusal) == (Code.ACCESS_REJECT, "wrong-credential")
    (asked,) = decisions.asked
    assert (asked.method, asked.username, asked.nas_id) == (Method.PAP, "u", "nas-1")


async def test_a_decision_may_have_to_be_waited_for():
    made, _ = answers(late=True)
    answer = made.answer_access(request(User_Name="u", password="p"))
    assert not isinstance(answer, Answer)
    assert (await answer).refusal == "wrong-credential"


def test_nothing_is_asked_about_what_is_refused_at_sight():
    made, decisions = answers()
    assert made.answer_access(request()).refusal == "no-user-name"
    assert decisions.asked == []
