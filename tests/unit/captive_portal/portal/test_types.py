"""Plain data: frozen, comparable."""

import dataclasses

import pytest

from captive_portal.portal.types import Client, Fault
from controller.core.mac import parse_mac


def test_they_cannot_be_changed() -> None:
    client = Client("gw", parse_mac("020000000001"), "10.0.0.1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        client.ip = "10.0.0.2"  # type: ignore[misc]
    assert Fault("a", "b") == Fault("a", "b")
