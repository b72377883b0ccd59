"""Changing the rules by `kolco radius policy` on a real database."""

import json

import pytest

from controller.audit import service as audit
from controller.core.errors import InvalidInputError, NotFoundError
from radius.policy.text import PolicyTextError
from tests.integration.controller.cli.conftest import POLICY_TEXT


async def test_a_text_is_shown_as_it_was_applied(policy, policy_file):
    planned = await policy("apply", policy_file, "--dry-run")
    assert planned.stdout == "policy/0 changed (dry run)\n"
    assert "+    deny    closed-at-night" in planned.stderr
    assert (await policy("show")).stdout == ""
    assert (await policy("apply", policy_file, "--yes")).stdout == "policy/1 changed\n"
    assert (await policy("show")).stdout == POLICY_TEXT
    assert (await policy("apply", "-", "--yes", stdin=POLICY_TEXT)).stdout == "policy/1 unchanged\n"


async def test_without_a_yes_nothing_happens(policy, policy_file):
    assert (await policy("apply", policy_file)).exit_code == 2
    assert (await policy("show")).stdout == ""


async def test_a_wrong_text_changes_nothing_and_names_each_line(policy, policy_file):
    await policy("apply", policy_file, "--yes")
    wrong = POLICY_TEXT.replace("parks\n", "forests\n").replace("120", "9000")
    failed = await policy("apply", "-", "--yes", stdin=wrong)
    assert isinstance(failed.exception, PolicyTextError)
    assert [problem.line for problem in failed.exception.problems] == [10]
    failed = await policy("apply", "-", "--yes", stdin=POLICY_TEXT.replace("parks\n", "forests\n"))
    ((problem),) = failed.exception.problems
    assert (problem.line, "'forests'" in problem.reason) == (4, True)
    assert (await policy("show")).stdout == POLICY_TEXT


async def test_rules_are_added_changed_moved_and_removed(policy, policy_file):
    await policy("apply", policy_file, "--yes")
    added = await policy("add", "guests", "-w", "ssid not City*", "-s", "down 5M", "--before", "staff")
    assert added.stdout == "policy/2 changed\n"
    listed = json.loads((await policy("list", "-o", "json")).stdout)
    assert [(rule["name"], rule["when"], rule["then"]) for rule in listed] == [
        ("park-nights", "time 23:00-06:00; zone parks", "deny closed-at-night"),
        ("guests", "ssid not City*", "allow, down 5M"),
        ("staff", "plan staff", "allow, vlan 120"),
    ]
    assert listed[0]["note"] == "Parks are dark at night."
    await policy("move", "staff", "--before", "park-nights")
    await policy("replace", "park-nights", "-w", "zone parks", "--deny", "closed")
    await policy("remove", "guests")
    shown = (await policy("show")).stdout
    assert shown.startswith("rule staff\n")
    assert "# Parks are dark at night.\nrule park-nights\n    zone    parks\n    deny    closed\n" in shown
    assert "guests" not in shown


async def test_revisions_are_kept_and_come_back(policy, policy_file, runtime):
    await policy("apply", policy_file, "--yes")
    await policy("remove", "staff")
    revisions = json.loads((await policy("history", "-o", "json")).stdout)
    assert [(one["revision"], one["rules"]) for one in revisions] == [(2, 1), (1, 2)]
    assert (await policy("show", "--revision", "1")).stdout == POLICY_TEXT
    assert (await policy("rollback", "1", "--yes")).stdout == "policy/3 changed\n"
    assert (await policy("show")).stdout == POLICY_TEXT
    async with runtime.db.reading() as tx:
        entries, _ = await audit.list_entries(tx, object_type="radius-policy")
    assert [(entry.object_id, entry.detail) for entry in entries] == [
        ("3", {"rules": 2}),
        ("2", {"rules": 1}),
        ("1", {"rules": 2}),
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        (("add", "A", "--deny", "x"), InvalidInputError, "lower-case"),
        (("add", "a", "-w", "zone", "--deny", "x"), InvalidInputError, "missing"),
        (("add", "a", "-w", "zone parks\nrule b", "--deny", "x"), InvalidInputError, "one line"),
        (("add", "a", "-w", "rule b", "--deny", "x"), InvalidInputError, "one line"),
        (("add", "a", "--deny", "x", "-s", "vlan 1"), InvalidInputError, "exclude"),
        (("add", "a", "-s", "use none"), PolicyTextError, "policy"),
        (("add", "a", "--before", "none"), NotFoundError, "no rule 'none'"),
        (("replace", "none"), NotFoundError, "no rule 'none'"),
        (("remove", "none"), NotFoundError, "no rule 'none'"),
        (("move", "none"), NotFoundError, "no rule 'none'"),
        (("rollback", "9"), NotFoundError, "no revision 9"),
    ],
)
async def test_mistakes_are_explained(policy, arguments, error, word):
    exception = (await policy(*arguments)).exception
    assert isinstance(exception, error)
    assert word in exception.message
