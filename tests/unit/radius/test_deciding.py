from radius.deciding import when_decided
from radius.question import Refusal, Refused

REFUSED = Refused(Refusal.NO_USER_NAME)


def test_at_once():
    assert when_decided(REFUSED, lambda decided: [decided]) == [REFUSED]


async def test_later():
    async def decide():
        return REFUSED

    assert await when_decided(decide(), lambda decided: [decided]) == [REFUSED]
