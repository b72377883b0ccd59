"""Sessions that end elsewhere are ended at their NAS, and it is looked at whether they are."""

from datetime import UTC, datetime

from controller.models import RadiusDecision
from controller.sessions import service as sessions
from tests.eventually import eventually
from tests.integration.radius.asking import acct, rows
from tests.integration.radius.served.conftest import NAK, leg_ended

SESSION, STATION = {"Acct-Session-Id": "A1"}, {"Calling-Station-Id": "02-00-00-00-00-01"}
COLONS = {"Calling-Station-Id": "02:00:00:00:00:01"}


async def end(radius, session):
    async with radius.runtime.db.transaction() as tx:
        await sessions.end(tx, session.id, reason="admin", now=datetime.now(UTC), source="gateway")


def answered(radius, answer):
    return radius.metric(f'kolco_radius_disconnects_total{{answer="{answer}",nas="lo"}}')


def ended(radius, ending):
    return radius.metric(f'kolco_radius_session_endings_total{{ending="{ending}",nas="lo"}}')


async def interim(radius, seconds):
    await radius.ask("acct", acct("Interim-Update", Acct_Input_Octets=seconds, Acct_Session_Time=seconds))


async def test_the_nas_is_told_and_its_stop_verifies(nas, radius, device, online):
    await end(radius, await online())
    await eventually(lambda: leg_ended(radius))
    assert nas.heard == [SESSION | STATION]
    assert (answered(radius, "ack"), ended(radius, "stopped")) == (1, 0)
    await radius.ask("acct", acct("Stop"))

    async def verified():
        return ended(radius, "stopped") == 1

    await eventually(verified)


async def test_a_silent_nas_is_asked_again(nas, radius, device, online):
    nas.answer = None
    await end(radius, await online())

    async def given_up():
        return answered(radius, "timeout") == 1

    await eventually(given_up)
    assert len(nas.heard) == 2
    assert not await leg_ended(radius)


async def test_a_nas_that_refuses_one_way_is_told_in_another(nas, radius, device, online):
    nas.knows = frozenset({"Calling-Station-Id"})
    await end(radius, await online())
    await eventually(lambda: leg_ended(radius))
    assert nas.heard == [SESSION | STATION, SESSION, STATION]
    assert (answered(radius, "nak"), answered(radius, "ack")) == (2, 1)


async def test_a_nas_that_says_it_has_ended_a_session_and_has_not_is_told_in_every_way(
    nas, radius, device, online, requested
):
    await end(radius, await online())
    told = [SESSION | STATION, SESSION, STATION, COLONS]
    for number in range(1, 4):
        await eventually(lambda: leg_ended(radius))
        await interim(radius, 60 * number)

        async def told_again(number=number):
            return len(nas.heard) == number + 1

        await eventually(told_again)
    await eventually(lambda: leg_ended(radius))
    assert nas.heard == told
    await interim(radius, 300)

    async def kept():
        return any(row.outcome == "not-ended" for row in await rows(radius.runtime, RadiusDecision))

    await eventually(kept)
    assert (ended(radius, "still-online"), ended(radius, "failed")) == (3, 1)
    requested.clear()
    await interim(radius, 360)
    await interim(radius, 420)  # they are taken in turn
    assert (nas.heard, requested) == (told, [])


async def test_a_nas_that_refuses_every_way_is_told_as_a_failure(nas, radius, device, online):
    nas.answer = NAK
    await end(radius, await online())

    async def failed():
        return ended(radius, "failed") == 1

    await eventually(failed)
    assert len(nas.heard) == 4
    assert not await leg_ended(radius)


async def test_a_nas_that_knows_no_such_session_is_believed_until_it_counts(nas, radius, device, online):
    nas.answer, nas.error_cause = NAK, 503
    await end(radius, await online())
    await eventually(lambda: leg_ended(radius))
    assert (len(nas.heard), answered(radius, "gone")) == (1, 1)


async def test_a_stop_from_the_nas_itself_is_not_answered_with_a_disconnect(
    nas, radius, device, online, requested
):
    await online()
    await radius.ask("acct", acct("Stop"))
    await radius.in_step()  # it was told that the session has ended
    assert (nas.heard, requested) == ([], [])
    assert ended(radius, "stopped") == 0
