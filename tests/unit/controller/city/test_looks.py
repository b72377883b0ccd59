import pytest

from controller.city import looks
from controller.city.story import StepFailedError


async def test_a_look_is_repeated_until_it_holds(monkeypatch):
    monkeypatch.setattr(looks, "POLL_S", 0)
    results = iter([StepFailedError("not yet"), StepFailedError("not yet"), "seen"])

    async def look():
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    assert await looks.until(look, 10) == "seen"


async def test_a_look_that_never_holds_fails_with_what_it_saw():
    async def look():
        raise StepFailedError("captive still")

    with pytest.raises(StepFailedError, match="captive still"):
        await looks.until(look, 0)


def test_what_must_hold_raises_otherwise():
    looks.must(True, "never said")
    with pytest.raises(StepFailedError, match="captive still"):
        looks.must(False, "captive still")
