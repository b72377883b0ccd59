from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.leases import (
    Lease,
    LeaseChange,
    LeaseNote,
    LeaseTable,
    MalformedLeaseError,
    parse_lease_file,
    parse_lease_note,
)
from controller.core.mac import Mac

NOW = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
ANNA = Client("10.77.1.5", Mac("02:00:00:00:00:05"))
BORIS = Client("10.77.1.5", Mac("02:00:00:00:00:06"))


def test_reads_a_note_of_the_hook():
    note = parse_lease_note("add 02:00:00:00:00:05 10.77.1.5 1778328000")
    assert note == LeaseNote(LeaseChange.ADDED, Lease(ANNA, NOW))
    assert parse_lease_note("del 02:00:00:00:00:05 10.77.1.5 -").lease.expires_at is None


@pytest.mark.parametrize(
    "line", ["", "add", "new 02:00:00:00:00:05 10.77.1.5 1", "add x 10.77.1.5 1", "add 02:00:00:00:00:05 x 1"]
)
def test_refuses_what_is_no_note(line):
    with pytest.raises(MalformedLeaseError):
        parse_lease_note(line)


@given(st.text(max_size=80))
def test_any_text_is_a_note_or_refused(line):
    try:
        parse_lease_note(line)
    except MalformedLeaseError:
        return


def test_reads_the_lease_file():
    text = "1778328000 02:00:00:00:00:05 10.77.1.5 * 01:02\nduid 00:01\nbad line\n1 02:00:00:00:00:05 x * *\n"
    assert parse_lease_file(text) == ([Lease(ANNA, NOW)], 2)


@given(st.text(max_size=200))
def test_any_lease_file_is_read(text):
    parse_lease_file(text)


def test_an_address_passes_to_another_client():
    table = LeaseTable()
    assert table.put(Lease(ANNA, NOW)) is None
    assert table.put(Lease(BORIS, NOW)) == ANNA
    assert table.find("10.77.1.5") == BORIS
    assert not table.remove(ANNA)
    assert table.remove(BORIS)
    assert table.find("10.77.1.5") is None


def test_a_lease_is_believed_before_a_neighbour():
    table = LeaseTable()
    assert table.see(BORIS)
    assert not table.see(BORIS)
    assert table.find("10.77.1.5") == BORIS
    table.put(Lease(ANNA, NOW))
    table.see(BORIS)
    assert table.find("10.77.1.5") == ANNA
    assert table.lease(ANNA) == Lease(ANNA, NOW)
    assert table.lease(BORIS) is None


def test_knows_which_leases_ran_out():
    table = LeaseTable()
    table.replace([Lease(ANNA, NOW)])
    assert len(table) == 1
    assert table.expired(NOW) == [ANNA]
    assert table.bindings() == {ANNA.ip: ANNA.mac}
