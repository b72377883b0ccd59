import pytest

from controller.core.errors import InvalidInputError
from controller.roaming.types import NewHome, check_home, check_pattern

SECRET = "a shared secret for tests"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("Example.NET", "example.net"),
        ("*.3GPPnetwork.org", "*.3gppnetwork.org"),
        ("default", "DEFAULT"),
        ("NULL", "NULL"),
        ("пример.рф", "пример.рф"),
    ],
)
def test_patterns_have_one_form(text, stored):
    assert check_pattern(text) == stored


@pytest.mark.parametrize(
    "text", ["", "*", "a..b", "*.*.net", "a b.net", "@example.net", "-a.net", "a." * 127]
)
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(InvalidInputError):
        check_pattern(text)


@pytest.mark.parametrize(
    "home",
    [
        NewHome("a", "udp", "192.0.2.1", secret=SECRET),
        NewHome("a", "udp", "2001:db8::1", secret=SECRET),
        NewHome("a", "radsec", "aaa.example.net"),
    ],
)
def test_home_servers_that_can_be(home):
    check_home(home)


@pytest.mark.parametrize(
    ("home", "field"),
    [
        (NewHome("A b", "udp", "192.0.2.1", secret=SECRET), "id"),
        (NewHome("a", "udp", "no host", secret=SECRET), "host"),
        (NewHome("a", "udp", "192.0.2.1", secret="short"), "secret"),
        (NewHome("a", "udp", "192.0.2.1"), "secret"),
        (NewHome("a", "radsec", "192.0.2.1", secret=SECRET), "secret"),
        (NewHome("a", "radsec", "192.0.2.1", auth_port=70_000), "port"),
    ],
)
def test_home_servers_that_cannot_be(home, field):
    with pytest.raises(InvalidInputError) as raised:
        check_home(home)
    assert raised.value.data["field"] == field
