from hypothesis import given
from hypothesis import strategies as st

from radius.index.keys import KEY_LENGTH, Keys

KEYS = Keys(bytes(32))


def test_a_key_tells_neither_name_nor_device():
    key = KEYS.username("d-01hzy2z0000000000000000000")
    assert len(key) == KEY_LENGTH
    assert key == KEYS.username("d-01hzy2z0000000000000000000")
    assert key != KEYS.username("d-01hzy2z0000000000000000001")
    assert key != Keys(bytes([1] * 32)).username("d-01hzy2z0000000000000000000")
    assert KEYS.check != Keys(bytes([1] * 32)).check


@given(st.text())
def test_a_user_name_that_is_a_mac_is_not_the_device(text):
    assert KEYS.username(text) != KEYS.station(text)
