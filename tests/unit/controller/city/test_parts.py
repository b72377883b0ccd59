import pytest

from controller.city import parts
from controller.city.parts import Found

ALL = frozenset(parts.PACKAGES)


def test_a_machine_that_has_everything_leaves_nothing_out():
    found = Found(root=True, programs=ALL, playwright=True)
    assert parts.left_out(found, phones=3) == []
    assert parts.has_network(found)
    assert parts.has_browser(found)


def test_without_root_the_phones_are_left_out_and_it_says_how_to_get_them():
    (missing,) = parts.left_out(Found(root=False, programs=ALL, playwright=True), phones=3)
    assert missing.part == "gateway and phones"
    assert "root" in missing.why
    assert "sudo" in missing.how
    assert not parts.has_network(Found(root=False, programs=ALL, playwright=True))


def test_a_missing_program_names_its_package():
    found = Found(root=True, programs=ALL - {"dnsmasq", "dhclient"}, playwright=True)
    (missing,) = parts.left_out(found, phones=1)
    assert missing.why == "no dnsmasq, dhclient"
    assert missing.how.endswith("apt-get install --no-install-recommends dnsmasq-base isc-dhcp-client")


@pytest.mark.parametrize("program", ["prometheus", "radclient", "chromium"])
def test_a_part_that_can_be_missing_is_named(program):
    found = Found(root=True, programs=ALL - {program}, playwright=True)
    (missing,) = parts.left_out(found, phones=1)
    assert missing.why == f"no {program}"
    assert parts.has_network(found)


def test_without_playwright_the_phones_have_no_browser():
    found = Found(root=True, programs=ALL, playwright=False)
    assert not parts.has_browser(found)
    assert parts.left_out(found, phones=1)[0].how == "pip install playwright"


def test_a_city_without_phones_misses_neither_root_nor_browser():
    assert parts.left_out(Found(root=False, programs=ALL, playwright=False), phones=0) == []


def test_the_machine_is_looked_at_once():
    found = parts.find(lambda name: "/bin/x" if name == "curl" else None)
    assert found.programs == {"curl"}
