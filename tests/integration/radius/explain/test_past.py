"""Decisions of the past, from what was kept."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.errors import NotFoundError
from controller.core.mac import parse_mac
from radius.explain.past import Wanted, explain_past, list_decisions, past_steps
from radius.explain.repository import Kept
from radius.explain.trace import Trace, encode_trace
from radius.journal.decisions import DecisionRecord, Digests
from radius.journal.repository import add_decisions
from radius.policy import service as policies
from tests.integration.radius.asking import MAC

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FACTS = ("", "", "City", "lo", "radius-mab", "city", "active")


def trace(revision=0):
    return Trace(FACTS, revision, "10.0.0.1", True, 0, seconds_left=60)


@pytest.fixture
def digests(runtime):
    return Digests(runtime.secrets)


async def keep(runtime, digests, *records):
    async with runtime.db.transaction() as tx:
        await add_decisions(
            tx,
            [
                (
                    NOW + timedelta(minutes=number),
                    DecisionRecord(
                        **{"nas_id": "lo", "station": digests.station(parse_mac(MAC)), "outcome": "accept"}
                        | {"method": "radius-mab", "trace": encode_trace(trace())}
                        | values
                    ),
                )
                for number, values in enumerate(records)
            ],
        )


async def past(runtime, digests, **options):
    return await explain_past(runtime.db, digests, Wanted(parse_mac(MAC)), UTC, **options)


async def test_the_newest_or_that_before_a_moment(runtime, digests):
    await keep(runtime, digests, {"outcome": "reject", "reason": "unknown-device"}, {"session_id": "s2"})
    kept, steps = await past(runtime, digests)
    assert (kept.session_id, steps[-1].ok) == ("s2", True)
    kept, steps = await past(runtime, digests, until=NOW)
    assert (kept.reason, steps[-1].message) == ("unknown-device", "refusal-unknown-device")
    with pytest.raises(NotFoundError):
        await past(runtime, digests, until=NOW - timedelta(seconds=1))


async def test_others_are_not_shown(runtime, digests):
    await keep(runtime, digests, {})
    wanted = Wanted(parse_mac("02:00:00:00:00:02"))
    assert await list_decisions(runtime.db, digests, wanted, since=NOW) == []
    assert len(await list_decisions(runtime.db, digests, Wanted(parse_mac(MAC)), since=NOW)) == 1


async def test_a_session_that_its_nas_did_not_end_is_told(runtime, digests):
    await keep(
        runtime, digests, {"session_id": "s1"}, {"outcome": "not-ended", "session_id": "s1", "trace": b""}
    )
    kept, steps = await past(runtime, digests)
    assert (kept.outcome, steps[-1].message) == ("accept", "answer-not-ended")


async def test_the_rules_are_those_of_then(runtime, digests):
    async with runtime.db.transaction() as tx:
        await policies.apply_text(tx, "rule old\n plan c*\n deny no\n", by="x", now=NOW)
    async with runtime.db.transaction() as tx:
        await policies.apply_text(tx, "rule new\n allow\n", by="x", now=NOW)
    record = {"outcome": "reject", "reason": "policy", "account_id": "a"}
    record |= {"trace": encode_trace(trace(revision=1))}
    await keep(runtime, digests, record)
    _, steps = await past(runtime, digests)
    assert [step.values.get("rule") for step in steps if step.name == "rule"] == ["old"]


def test_a_revision_that_is_lost():
    columns = dict.fromkeys(Kept.__dataclass_fields__)
    kept = Kept(
        **columns | {"at": NOW, "nas_id": "lo", "outcome": "accept", "method": "radius-mab", "trace": b""}
    )
    steps = past_steps(kept, trace(revision=9), None, UTC)
    assert "policy-lost" in [step.message for step in steps]
