"""`kolco radius policy` on a real database."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from controller.audit import service as audit
from controller.cli.radius import app
from controller.core.errors import InvalidInputError, NotFoundError
from controller.models import Plan, Zone
from radius.explain.trace import Trace, encode_trace
from radius.journal.decisions import DecisionRecord
from radius.journal.repository import add_decisions
from radius.policy.text import PolicyTextError

TEXT = """\
# Parks are dark at night.
rule park-nights
    time    23:00-06:00
    zone    parks
    deny    closed-at-night

rule staff
    plan    staff
    allow
    vlan    120
"""


@pytest.fixture
async def kolco(runtime, monkeypatch):
    """Run `kolco radius policy …` on the runtime's database, in a thread of its own."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)
    async with runtime.db.transaction() as tx:
        tx.add(Zone(id="parks", name="Парки", name_en="Parks", polygon={}))
        tx.add_all(Plan(id=name, name=name) for name in ("city", "staff"))

    async def run(*arguments, stdin=""):
        return await asyncio.to_thread(CliRunner().invoke, app, ["policy", *arguments], input=stdin)

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "policy.txt"
    path.write_text(TEXT)
    return str(path)


async def test_a_text_is_shown_as_it_was_applied(kolco, file):
    planned = await kolco("apply", file, "--dry-run")
    assert planned.stdout == "policy/0 changed (dry run)\n"
    assert "+    deny    closed-at-night" in planned.stderr
    assert (await kolco("show")).stdout == ""
    assert (await kolco("apply", file, "--yes")).stdout == "policy/1 changed\n"
    assert (await kolco("show")).stdout == TEXT
    assert (await kolco("apply", "-", "--yes", stdin=TEXT)).stdout == "policy/1 unchanged\n"


async def test_without_a_yes_nothing_happens(kolco, file):
    assert (await kolco("apply", file)).exit_code == 2
    assert (await kolco("show")).stdout == ""


async def test_a_wrong_text_changes_nothing_and_names_each_line(kolco, file):
    await kolco("apply", file, "--yes")
    wrong = TEXT.replace("parks\n", "forests\n").replace("120", "9000")
    failed = await kolco("apply", "-", "--yes", stdin=wrong)
    assert isinstance(failed.exception, PolicyTextError)
    assert [problem.line for problem in failed.exception.problems] == [10]
    failed = await kolco("apply", "-", "--yes", stdin=TEXT.replace("parks\n", "forests\n"))
    ((problem),) = failed.exception.problems
    assert (problem.line, "'forests'" in problem.reason) == (4, True)
    assert (await kolco("show")).stdout == TEXT


async def test_rules_are_added_changed_moved_and_removed(kolco, file):
    await kolco("apply", file, "--yes")
    added = await kolco("add", "guests", "-w", "ssid not City*", "-s", "down 5M", "--before", "staff")
    assert added.stdout == "policy/2 changed\n"
    listed = json.loads((await kolco("list", "-o", "json")).stdout)
    assert [(rule["name"], rule["when"], rule["then"]) for rule in listed] == [
        ("park-nights", "time 23:00-06:00; zone parks", "deny closed-at-night"),
        ("guests", "ssid not City*", "allow, down 5M"),
        ("staff", "plan staff", "allow, vlan 120"),
    ]
    assert listed[0]["note"] == "Parks are dark at night."
    await kolco("move", "staff", "--before", "park-nights")
    await kolco("replace", "park-nights", "-w", "zone parks", "--deny", "closed")
    await kolco("remove", "guests")
    shown = (await kolco("show")).stdout
    assert shown.startswith("rule staff\n")
    assert "# Parks are dark at night.\nrule park-nights\n    zone    parks\n    deny    closed\n" in shown
    assert "guests" not in shown


async def test_revisions_are_kept_and_come_back(kolco, file, runtime):
    await kolco("apply", file, "--yes")
    await kolco("remove", "staff")
    revisions = json.loads((await kolco("history", "-o", "json")).stdout)
    assert [(one["revision"], one["rules"]) for one in revisions] == [(2, 1), (1, 2)]
    assert (await kolco("show", "--revision", "1")).stdout == TEXT
    assert (await kolco("rollback", "1", "--yes")).stdout == "policy/3 changed\n"
    assert (await kolco("show")).stdout == TEXT
    async with runtime.db.reading() as tx:
        entries, _ = await audit.list_entries(tx, object_type="radius-policy")
    assert [(entry.object_id, entry.detail) for entry in entries] == [
        ("3", {"rules": 2}),
        ("2", {"rules": 1}),
        ("1", {"rules": 2}),
    ]


async def test_a_question_is_tried(kolco, file):
    night = await kolco(
        "test", "--zone", "parks", "--plan", "city", "--at", "2026-11-28T01:30", "--file", file
    )
    assert night.exit_code == 1
    assert "deny closed-at-night" in night.stdout
    await kolco("apply", file, "--yes")
    day = await kolco("test", "--plan", "staff", "--method", "tls", "--at", "2026-11-28T12:00", "-o", "json")
    assert day.exit_code == 0
    assert json.loads(day.stdout) == [
        {"rule": "park-nights", "matches": False, "because": "time 23:00-06:00: it is sat 12:00"},
        {"rule": "staff", "matches": True, "because": "allow, vlan 120"},
    ]
    none = json.loads(
        (await kolco("test", "--plan", "city", "--at", "2026-11-28T02:00", "-o", "json")).stdout
    )
    assert [row["because"] for row in none] == [
        "zone parks: it is not known",
        "plan staff: it is city",
        "no rule matches: the plan decides",
    ]


async def test_a_policy_is_tried_on_what_was_decided(kolco, file, runtime):
    await kolco("apply", file, "--yes")
    facts = ("", "", "City", "lo", "radius-mab", "city", "active")
    kept = [
        DecisionRecord(
            "lo",
            outcome,
            encode_trace(Trace(facts, 1, "10.0.0.1", True, 0)),
            reason=reason,
            account_id=account_id,
        )
        for outcome, reason, account_id in (
            ("accept", "", "a"),
            ("accept", "", "b"),
            ("reject", "policy", "c"),
            ("reject", "unknown-device", None),
        )
    ]
    now = datetime.now(UTC)
    async with runtime.db.transaction() as tx:
        await add_decisions(tx, [(now - timedelta(hours=1), one) for one in kept])
        await add_decisions(tx, [(now - timedelta(hours=30), one) for one in kept])
        await add_decisions(tx, [(now, DecisionRecord("lo", "accept", b"damaged", account_id="a"))])
    same = await kolco("test", "--file", file, "--past", "24")
    assert (same.exit_code, same.stdout) == (0, "")
    assert "3 decisions were looked at" in same.stderr
    tried = ("test", "--file", "-", "--past", "24", "-o", "json")
    closed = await kolco(*tried, stdin="rule closed\n ssid City\n deny closed\n")
    assert closed.exit_code == 1
    assert json.loads(closed.stdout) == [
        {
            "before": "the plan decides",
            "after": "closed: deny closed",
            "count": 3,
            "denies": True,
            "admits": False,
        }
    ]
    slow = await kolco(*tried, stdin="rule slow\n method mab\n allow\n down 1M\n")
    assert slow.exit_code == 0
    assert isinstance((await kolco(*tried, stdin="rule a\n zone none\n allow\n")).exception, PolicyTextError)


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
        (("show", "none"), InvalidInputError, "no rule 'none'"),
        (("show", "--revision", "9"), NotFoundError, "no revision 9"),
        (("rollback", "9"), NotFoundError, "no revision 9"),
        (("test", "--at", "noon"), InvalidInputError, "no moment"),
        (("test", "--method", "telnet"), InvalidInputError, "no method"),
    ],
)
async def test_mistakes_are_explained(kolco, arguments, error, word):
    exception = (await kolco(*arguments)).exception
    assert isinstance(exception, error)
    assert word in exception.message
