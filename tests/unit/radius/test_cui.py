from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from controller.core.ids import new_id
from controller.nas.types import CUI_MODES as MODES
from radius.cui import ALWAYS, ASKED, LENGTH, CuiIssuer, cui_attribute, is_wanted
from radius.protocol.packet import encode_packet, parse_packet

ZONE = ZoneInfo("Europe/Moscow")
ACCOUNT = new_id()


def issuer(*, key=bytes(32), monthly=False):
    return CuiIssuer(key, monthly=monthly, zone=ZONE)


def moment(month, day, hour=12):
    return datetime(2026, month, day, hour, tzinfo=ZONE).timestamp()


def packet(*attributes):
    return parse_packet(encode_packet(1, 0, bytes(16), attributes))


def test_it_is_stable_for_a_person_and_an_operator():
    assert issuer().issue(ACCOUNT, b"", 0.0) == issuer().issue(ACCOUNT, b"", moment(12, 1))
    assert len(issuer().issue(ACCOUNT, b"", 0.0)) == LENGTH


def test_persons_operators_and_keys_differ():
    values = {
        issuer().issue(ACCOUNT, b"", 0.0),
        issuer().issue(new_id(), b"", 0.0),
        issuer().issue(ACCOUNT, b"1metro.example", 0.0),
        issuer().issue(ACCOUNT, b"1tram.example", 0.0),
        issuer(key=b"\1" * 32).issue(ACCOUNT, b"", 0.0),
    }
    assert len(values) == 5


def test_it_says_nothing_of_the_account():
    assert ACCOUNT.encode() not in issuer().issue(ACCOUNT, b"", 0.0)
    assert issuer().issue(ACCOUNT, b"", 0.0).isascii()


def test_it_may_change_with_the_month_of_the_city():
    monthly = issuer(monthly=True)
    november = monthly.issue(ACCOUNT, b"", moment(11, 30, 23))
    assert november == monthly.issue(ACCOUNT, b"", moment(11, 1, 0))
    assert november != monthly.issue(ACCOUNT, b"", moment(12, 1, 0))


def test_a_person_may_have_another_one():
    changed = issuer()
    before = changed.issue(ACCOUNT, b"", 0.0)
    changed.set_resets({ACCOUNT: 1})
    first = changed.issue(ACCOUNT, b"", 0.0)
    changed.set_resets({ACCOUNT: 2})
    assert len({before, first, changed.issue(ACCOUNT, b"", 0.0)}) == 3


@pytest.mark.parametrize("value", [b"", b"\0", b"an older one"])
def test_it_is_asked_for_by_any_value(value):
    asks = packet((89, value))
    assert [is_wanted(asks, mode) for mode in MODES] == [True, True, False]


def test_who_does_not_ask_gets_it_by_the_setting():
    silent = packet((1, b"somebody"))
    assert [is_wanted(silent, mode) for mode in (ASKED, ALWAYS, "never")] == [False, True, False]


def test_the_operator_is_the_requests():
    visited = cui_attribute(issuer(), ACCOUNT, packet((126, b"1metro.example")), 0.0)
    assert visited == (89, issuer().issue(ACCOUNT, b"1metro.example", 0.0))
    assert cui_attribute(issuer(), ACCOUNT, packet(), 0.0) == (89, issuer().issue(ACCOUNT, b"", 0.0))
