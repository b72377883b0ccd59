from radius.deciding import when_decided
from radius.protocol.attributes import Code
from radius.question import Refusal, Refused
from radius.reply import Answer

REFUSED = Refused(Refusal.NO_USER_NAME)


def render(decided):
    return Answer(Code.ACCESS_REJECT, (), "reject", decided.reason.value)


def test_at_once():
    assert when_decided(REFUSED, render) == render(REFUSED)


async def test_later():
    async def decide():
        return REFUSED

    assert await when_decided(decide(), render) == render(REFUSED)
