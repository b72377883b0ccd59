from datetime import UTC, datetime

from radius.index.entries import (
    CREDENTIALS,
    DEVICES,
    SESSIONS,
    CredentialEntry,
    DeviceEntry,
    SessionEntry,
    decode_credential,
    decode_device,
    decode_session,
)
from radius.index.keys import Keys
from radius.index.rows import TO_ITEM

KEYS = Keys(bytes(32))
MAC = "02:00:00:00:00:01"
MOMENT = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_credential_stands_under_its_name_with_the_key_of_its_device():
    row = ("id", "d-1", memoryview(b"digest"), None, MOMENT, "a", "d", MAC, "city")
    key, value = TO_ITEM[CREDENTIALS](row, KEYS)
    assert key == KEYS.username("d-1")
    expected = CredentialEntry(b"digest", None, MOMENT.timestamp(), "a", "d", KEYS.station(MAC), "city")
    assert decode_credential(value) == expected
    assert MAC.encode() not in value


def test_a_device_and_its_session_stand_under_its_mac():
    device = ("d", MAC, MOMENT, "a", "city")
    key, value = TO_ITEM[DEVICES](device, KEYS)
    assert key == KEYS.station(MAC)
    assert decode_device(value) == DeviceEntry(MOMENT.timestamp(), "a", "d", "city")
    session = ("s", MAC, "a", MOMENT)
    key, value = TO_ITEM[SESSIONS](session, KEYS)
    assert key == KEYS.station(MAC)
    assert decode_session(value) == SessionEntry("s", "a", MOMENT.timestamp())
