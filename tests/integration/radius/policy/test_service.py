"""Policies in a real database."""

import asyncio
from datetime import UTC, datetime

import pytest

from controller.core.errors import ConflictError, InvalidInputError, KolcoError, NotFoundError
from controller.directory.service import Directory
from controller.models import OutboxRow, Plan
from radius.policy import service
from radius.policy.rules import Effect, Policy, Rule
from radius.policy.text import PolicyTextError, parse_policy
from tests.integration.radius.asking import MAC, rows

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = "rule one\n    deny    closed\n"
TWO = "rule two\n    allow\n    vlan    7\n"


async def apply(runtime, text, **options):
    async with runtime.db.transaction() as tx:
        return await service.apply_text(tx, text, by="somebody", now=NOW, **options)


async def in_force(runtime):
    async with runtime.db.reading() as tx:
        return await service.read(tx)


async def topics(runtime):
    return [row.topic for row in await rows(runtime, OutboxRow, OutboxRow.id)]


async def test_there_is_none_at_first(runtime):
    assert await in_force(runtime) == Policy()


async def test_each_change_is_a_revision_with_its_event(runtime):
    first = await apply(runtime, ONE)
    second = await apply(runtime, ONE + TWO)
    assert (first.after.revision, second.before.revision, second.after.revision) == (1, 1, 2)
    assert (await in_force(runtime)).rules == parse_policy(ONE + TWO).rules
    assert await topics(runtime) == ["radius.policy_changed"] * 2


async def test_what_changes_nothing_or_is_only_tried_is_no_revision(runtime):
    await apply(runtime, ONE)
    assert (await apply(runtime, "# \n" + ONE)).difference
    assert (await apply(runtime, "# \n" + ONE)).difference == ()
    tried = await apply(runtime, TWO, dry_run=True)
    assert tried.difference
    assert (await in_force(runtime)).revision == 2


async def test_a_change_made_meanwhile_is_not_undone(runtime):
    await apply(runtime, ONE)
    with pytest.raises(ConflictError):
        await apply(runtime, TWO, expected=0)
    assert (await apply(runtime, TWO, expected=1)).after.revision == 2


async def test_two_changes_at_once_both_count(runtime):
    async def add(name):
        async with runtime.db.transaction() as tx:
            rule = Rule(name, (), Effect(deny="no"))
            await service.change(tx, lambda policy: service.with_rule(policy, rule), by="somebody", now=NOW)

    await asyncio.gather(*(add(f"r{number}") for number in range(5)))
    policy = await in_force(runtime)
    assert (policy.revision, sorted(rule.name for rule in policy.rules)) == (5, [f"r{n}" for n in range(5)])


async def test_names_that_do_not_exist_are_refused_with_their_line(runtime):
    text = "rule a\n zone nowhere\n nas none\n ssid Any*\n plan x, y*\n allow\n use never\n"
    with pytest.raises(PolicyTextError) as caught:
        await apply(runtime, text)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3, 5]


async def test_an_old_revision_is_read(runtime):
    await apply(runtime, ONE)
    await apply(runtime, TWO)
    async with runtime.db.reading() as tx:
        assert (await service.read(tx, 1)).rules == parse_policy(ONE).rules
        assert [one.id for one in await service.list_revisions(tx, 5)] == [2, 1]
        with pytest.raises(NotFoundError):
            await service.read(tx, 3)


@pytest.mark.parametrize(
    "edit",
    [
        lambda policy: service.with_rule(policy, parse_policy(ONE).rules[0]),
        lambda policy: service.with_rule(policy, parse_policy(TWO).rules[0], before="none"),
        lambda policy: service.with_replaced(policy, parse_policy(TWO).rules[0]),
        lambda policy: service.without_rule(policy, "two"),
        lambda policy: service.with_moved(policy, "one", before="two"),
    ],
)
def test_edits_of_what_is_not_there(edit):
    with pytest.raises((InvalidInputError, NotFoundError)) as caught:
        edit(parse_policy(ONE))
    assert isinstance(caught.value, KolcoError)


def test_a_rule_moved_before_itself_stays():
    policy = parse_policy(ONE + TWO)
    assert service.with_moved(policy, "one", before="one") is policy
    assert [rule.name for rule in service.with_moved(policy, "one", before=None).rules] == ["two", "one"]


async def test_an_identity_is_reset_again_and_again(runtime):
    async with runtime.db.transaction() as tx:
        tx.add(Plan(id="city", name="City"))
        await tx.flush()
        login = await Directory(runtime.secrets).login_phone(tx, phone="+79161234567", mac=MAC, now=NOW)
        await service.reset_cui(tx, login.account_id, NOW)
        await service.reset_cui(tx, login.account_id, NOW)
    async with runtime.db.reading() as tx:
        assert await service.repository.list_cui_resets(tx) == {login.account_id: 2}
        with pytest.raises(NotFoundError):
            await service.reset_cui(tx, "nobody", NOW)
    assert (await topics(runtime)).count("radius.cui_reset") == 2
