"""promtool reads the rules, and every alert has a test in which it fires and one in which it clears."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from monitoring.files import write_all
from monitoring.rules.render import all_rules, render_rules
from monitoring.rules.types import Alert

FOLDER = Path(__file__).parent
TESTS = sorted(FOLDER.glob("*.test.yml"))


@pytest.fixture
def rules(tmp_path) -> Path:
    write_all(tmp_path, render_rules())
    return tmp_path


def promtool(*arguments: object) -> None:
    result = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_promtool_accepts_the_rules(rules):
    promtool("check", "rules", "--lint=all", "--lint-fatal", *sorted(rules.glob("*.rules.yml")))


@pytest.mark.parametrize("test", TESTS, ids=lambda path: path.name)
def test_rules_fire_and_clear(rules, test):
    shutil.copy(test, rules)
    promtool("test", "rules", rules / test.name)


def test_every_alert_is_seen_firing_and_then_clear():
    fired: dict[str, int] = {}
    cleared: set[str] = set()
    for path in TESTS:
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            first: dict[str, int] = {}
            for check in case.get("alert_rule_test", []):
                name, minute = check["alertname"], int(check["eval_time"].removesuffix("m"))
                if check["exp_alerts"]:
                    fired[name] = first[name] = minute
                elif name in first and minute > first[name]:
                    cleared.add(name)
    alerts = {rule.alert for rule in all_rules() if isinstance(rule, Alert)}
    assert set(fired) == cleared == alerts
