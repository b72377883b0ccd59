"""`kolco radius policy test` on a real database."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from controller.core.errors import InvalidInputError
from radius.explain.trace import Trace, encode_trace
from radius.journal.decisions import DecisionRecord
from radius.journal.repository import add_decisions
from radius.policy.text import PolicyTextError


async def test_a_question_is_tried(policy, policy_file):
    night = await policy(
        "test", "--zone", "parks", "--plan", "city", "--at", "2026-11-28T01:30", "--file", policy_file
    )
    assert night.exit_code == 1
    assert "deny closed-at-night" in night.stdout
    await policy("apply", policy_file, "--yes")
    day = await policy("test", "--plan", "staff", "--method", "tls", "--at", "2026-11-28T12:00", "-o", "json")
    assert day.exit_code == 0
    assert json.loads(day.stdout) == [
        {"rule": "park-nights", "matches": False, "because": "time 23:00-06:00: it is sat 12:00"},
        {"rule": "staff", "matches": True, "because": "allow, vlan 120"},
    ]
    none = json.loads(
        (await policy("test", "--plan", "city", "--at", "2026-11-28T02:00", "-o", "json")).stdout
    )
    assert [row["because"] for row in none] == [
        "zone parks: it is not known",
        "plan staff: it is city",
        "no rule matches: the plan decides",
    ]


async def test_a_policy_is_tried_on_what_was_decided(policy, policy_file, runtime):
    await policy("apply", policy_file, "--yes")
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
    same = await policy("test", "--file", policy_file, "--past", "24")
    assert (same.exit_code, same.stdout) == (0, "")
    assert "3 decisions were looked at" in same.stderr
    tried = ("test", "--file", "-", "--past", "24", "-o", "json")
    closed = await policy(*tried, stdin="rule closed\n ssid City\n deny closed\n")
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
    slow = await policy(*tried, stdin="rule slow\n method mab\n allow\n down 1M\n")
    assert slow.exit_code == 0
    assert isinstance((await policy(*tried, stdin="rule a\n zone none\n allow\n")).exception, PolicyTextError)


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        (("test", "--at", "noon"), InvalidInputError, "no moment"),
        (("test", "--method", "telnet"), InvalidInputError, "no method"),
    ],
)
async def test_mistakes_are_explained(policy, arguments, error, word):
    exception = (await policy(*arguments)).exception
    assert isinstance(exception, error)
    assert word in exception.message
