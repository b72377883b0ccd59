"""Policies tried on decisions that were made."""

from datetime import UTC, datetime, timedelta

from radius.explain.rehearsal import Difference, rehearse
from radius.explain.trace import Trace, encode_trace
from radius.journal.decisions import DecisionRecord
from radius.journal.repository import add_decisions
from radius.policy.text import parse_policy

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_each_decision_is_judged_at_its_own_time(runtime, monkeypatch):
    monkeypatch.setattr("radius.explain.rehearsal._PAGE", 3)
    trace = encode_trace(
        Trace(("", "", "City", "lo", "radius-mab", "city", "active"), 0, "10.0.0.1", True, 0)
    )
    records = [
        (NOW + timedelta(hours=hour), DecisionRecord("lo", "accept", trace, account_id="a"))
        for hour in range(8)
    ]
    async with runtime.db.transaction() as tx:
        await add_decisions(tx, records)
    present = parse_policy("rule early\n time 00:00-13:00\n deny early\n")
    tried = parse_policy("rule late\n time 18:00-24:00\n deny late\n")
    done = await rehearse(runtime.db, present, tried, UTC, since=NOW)
    assert done.looked_at == 8
    assert set(done.differences) == {
        Difference("the plan decides", "late: deny late", 2, True, False),
        Difference("early: deny early", "the plan decides", 1, False, True),
    }
