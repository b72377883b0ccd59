from radius.answers import Answers
from radius.protocol.attributes import Code
from radius.question import Method, Refusal, Refused
from radius.session_class import ClassCodec
from tests.factories.radius import request


class FakeDecisions:
    def __init__(self):
        self.asked = []

    async def submit(self, question):
        self.asked.append(question)
        return Refused(Refusal.WRONG_CREDENTIAL)


def answers():
    return Answers(FakeDecisions(), ClassCodec(bytes(32)))


async def test_an_access_request_is_decided():
    made = answers()
    answer = await made.answer_access(request(User_Name="u", password="p"))
    assert (answer.code, answer.refusal) == (Code.ACCESS_REJECT, "wrong-credential")
    assert made._decisions.asked[0].method is Method.PAP


async def test_nothing_is_asked_about_what_is_refused_at_sight():
    made = answers()
    assert (await made.answer_access(request())).refusal == "no-user-name"
    assert made._decisions.asked == []
