import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.proxy.realms import Realms, Route, make_realms

ROUTES = [
    Route("metro.example", ("metro",)),
    Route("*.metro.example", ("sub",)),
    Route("*.3gppnetwork.org", ("mno",)),
    Route("*.mcc250.3gppnetwork.org", ("ru",)),
    Route("city.example", ()),
]


@pytest.mark.parametrize(
    ("name", "homes"),
    [
        ("u@metro.example", ("metro",)),
        ("u@METRO.example", ("metro",)),
        ("u@a.metro.example", ("sub",)),
        ("u@a.b.metro.example", ("sub",)),
        ("u@wlan.mnc001.mcc250.3gppnetwork.org", ("ru",)),
        ("u@wlan.mnc001.mcc262.3gppnetwork.org", ("mno",)),
        ("u@3gppnetwork.org", None),
        ("u@city.example", None),
        ("u@elsewhere.example", None),
        ("u", None),
        ("u@bad", None),
    ],
)
def test_the_nearest_pattern_wins(name, homes):
    route = make_realms(ROUTES).find(name.encode())
    assert (route.homes if route else None) == homes


def test_default_and_null():
    assert make_realms([]).empty
    realms = make_realms([*ROUTES, Route("DEFAULT", ("hub",)), Route("NULL", ("null",))])
    assert not realms.empty
    assert realms.find(b"u@elsewhere.example").homes == ("hub",)
    assert realms.find(b"u@city.example") is None
    assert realms.find(b"u").homes == ("null",)
    assert realms.find(b"u@bad").homes == ("null",)


def test_a_route_is_found_again_by_its_pattern():
    realms = make_realms([*ROUTES, Route("DEFAULT", ("hub",)), Route("NULL", ("null",))])
    for route in ROUTES:
        assert realms.get(route.pattern) == (route if route.homes else None)
    assert realms.get("DEFAULT").homes == ("hub",)
    assert realms.get("NULL").homes == ("null",)
    assert realms.get("gone.example") is None


@given(st.binary(max_size=260))
def test_without_routes_all_is_answered_here(name):
    assert Realms().empty
    assert Realms().find(name) is None
