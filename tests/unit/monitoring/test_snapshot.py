import dataclasses

import pytest

from monitoring.snapshot import ApRow, FleetSnapshot, Place, SessionsSnapshot


def test_a_place_is_nowhere_until_said():
    assert Place() == Place("none", "none")


def test_rows_are_frozen():
    row = ApRow(serial="24f5a2000001", place=Place(), state="adopted")
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.clients = 3


def test_snapshots_are_empty_by_default():
    assert not FleetSnapshot(taken_at=0).aps
    assert not SessionsSnapshot().changed
