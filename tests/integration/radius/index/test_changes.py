from datetime import UTC, datetime, timedelta

from controller.directory.events import AccountChanged, CredentialChanged, DeviceChanged, PlanChanged
from controller.sessions.events import SessionEnded
from radius.index import changes as c
from radius.index.entries import ACCOUNTS, CREDENTIALS, DEVICES, SESSIONS
from radius.index.keys import Keys
from tests.factories.people import MAC

KEYS = Keys(bytes(32))


def test_events_gather_what_they_name():
    changed = c.Changed()
    assert len(changed) == 0
    for event in (
        CredentialChanged("u"),
        CredentialChanged("u"),
        DeviceChanged(MAC),
        SessionEnded("s", MAC, "", None, None, "left"),
        AccountChanged("a"),
        PlanChanged("city"),
    ):
        changed.note(event)
    assert (changed.usernames, changed.devices, changed.stations) == ({"u"}, {MAC}, {MAC})
    assert (changed.sessions, changed.accounts, changed.settled) == ({"s"}, {"a"}, True)
    assert len(changed) == 5
    later = c.Changed(usernames={"v"}, beat=7.0)
    later.merge(changed)
    assert (later.usernames, later.beat, len(later)) == ({"u", "v"}, 7.0, 6)


async def test_what_is_there_and_what_is_not_is_told_by_key(runtime, login, issued):
    changed = c.Changed(usernames={issued.username, "gone"}, devices={MAC}, stations={MAC})
    found = {change[:2]: change[2] for change in await c.read_changes(runtime.db, changed, KEYS)}
    assert set(found) == {
        (CREDENTIALS, KEYS.username(issued.username)),
        (CREDENTIALS, KEYS.username("gone")),
        (DEVICES, KEYS.station(MAC)),
        (SESSIONS, KEYS.station(MAC)),
    }
    assert {key for key, value in found.items() if value is None} == {
        (CREDENTIALS, KEYS.username("gone")),
        (SESSIONS, KEYS.station(MAC)),
    }
    whole = await c.read_changes(runtime.db, c.Changed(accounts={login.account_id}), KEYS)
    assert {table for table, _, value in whole if value is not None} == {CREDENTIALS, DEVICES}
    assert {table for table, _, value in whole if value is None} == {ACCOUNTS}


async def test_what_was_missed_stands_in_the_outbox(runtime, login, issued, monkeypatch):
    moment = datetime.now(UTC) - timedelta(minutes=1)
    missed = await c.read_missed(runtime.db, moment)
    assert (missed.usernames, missed.devices, missed.settled) == ({issued.username}, {MAC}, True)
    assert (await c.read_missed(runtime.db, datetime.now(UTC) + timedelta(minutes=1))).usernames == set()
    monkeypatch.setattr(c, "_PAGE", 2)
    monkeypatch.setattr(c, "_CATCH_UP_MOST", 100)
    assert (await c.read_missed(runtime.db, moment)).usernames == {issued.username}
    monkeypatch.setattr(c, "_CATCH_UP_MOST", 2)
    assert await c.read_missed(runtime.db, moment) is None
