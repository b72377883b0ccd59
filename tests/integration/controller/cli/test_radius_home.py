"""`kolco radius home` on a real database."""

import json

from controller.core.errors import InvalidInputError
from tests.integration.controller.cli.test_radius_realm import kolco

__all__ = ["kolco"]


async def test_a_home_server_is_added_listed_and_removed(kolco):
    added = await kolco("home", "add", "metro", "192.0.2.7", "--secret", "a shared secret given")
    assert (added.exit_code, added.stdout) == (0, "home/metro added\n")
    assert "shared secret given" not in added.output
    listed = await kolco("home", "list", "-o", "json")
    assert "secret" not in listed.stdout
    (home,) = json.loads(listed.stdout)
    assert (home["protocol"], home["auth_port"], home["acct_port"], home["trusted"]) == (
        "udp",
        1812,
        1813,
        False,
    )
    assert (await kolco("home", "remove", "metro", "--yes")).stdout == "home/metro removed\n"


async def test_mistakes_are_explained(kolco):
    for arguments in (
        ("home", "add", "metro", "192.0.2.7", "--protocol", "dtls"),
        ("home", "add", "metro", "192.0.2.7", "--secret", "short"),
        ("home", "add", "metro", "192.0.2.7", "--protocol", "radsec", "--secret", "a shared secret given"),
    ):
        assert isinstance((await kolco(*arguments)).exception, InvalidInputError)
