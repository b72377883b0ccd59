"""`kolco radius policy list`, `show` and `history` on a real database."""

import json

import pytest

from controller.core.errors import InvalidInputError, NotFoundError
from tests.integration.controller.cli.conftest import POLICY_TEXT


async def test_rules_are_listed_in_their_order(policy, policy_file):
    await policy("apply", policy_file, "--yes")
    listed = json.loads((await policy("list", "-o", "json")).stdout)
    assert [(rule["place"], rule["name"], rule["when"], rule["then"], rule["note"]) for rule in listed] == [
        (
            1,
            "park-nights",
            "time 23:00-06:00; zone parks",
            "deny closed-at-night",
            "Parks are dark at night.",
        ),
        (2, "staff", "plan staff", "allow, vlan 120", ""),
    ]


async def test_revisions_are_listed_and_shown(policy, policy_file):
    await policy("apply", policy_file, "--yes")
    await policy("remove", "staff")
    revisions = json.loads((await policy("history", "-o", "json")).stdout)
    assert [(one["revision"], one["rules"]) for one in revisions] == [(2, 1), (1, 2)]
    assert (await policy("show", "--revision", "1")).stdout == POLICY_TEXT
    assert (await policy("show", "park-nights")).stdout == (await policy("show")).stdout


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        (("show", "none"), InvalidInputError, "no rule 'none'"),
        (("show", "--revision", "9"), NotFoundError, "no revision 9"),
    ],
)
async def test_mistakes_are_explained(policy, arguments, error, word):
    exception = (await policy(*arguments)).exception
    assert isinstance(exception, error)
    assert word in exception.message
