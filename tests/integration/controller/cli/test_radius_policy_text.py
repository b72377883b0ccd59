import pytest

from controller.cli.radius_policy_text import read_file, read_policy, show_condition
from controller.core.errors import NotFoundError
from radius.policy import service
from radius.policy.rules import Policy
from radius.policy.text import PolicyTextError, parse_policy


async def test_the_policy_in_force_or_of_a_revision(runtime, monkeypatch):
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)
    assert await read_policy() == Policy()
    for text in ("rule a\n deny x\n", ""):
        async with runtime.db.transaction() as tx:
            await service.apply_text(tx, text, by="x", now=runtime.clock.now())
    assert (await read_policy()).rules == ()
    assert [rule.name for rule in (await read_policy(1)).rules] == ["a"]
    with pytest.raises(NotFoundError):
        await read_policy(9)


def test_a_file_that_is_no_text_is_told(tmp_path):
    path = tmp_path / "policy.txt"
    path.write_text("rule парк")
    assert read_file(str(path)) == "rule парк"
    path.write_bytes(b"\xff")
    with pytest.raises(PolicyTextError, match="policy"):
        read_file(str(path))


def test_conditions_read_as_they_are_written():
    (rule,) = parse_policy("rule a\n time not fri 23:00-06:00\n zone parks, squares\n deny x\n").rules
    shown = [*map(show_condition, rule.times), *map(show_condition, rule.conditions)]
    assert shown == ["time not fri 23:00-06:00", "zone parks, squares"]
