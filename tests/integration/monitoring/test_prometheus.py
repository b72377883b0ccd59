"""The rendered configuration as promtool reads it."""

import subprocess

from monitoring.files import write_all, write_atomically
from monitoring.prometheus import DEFAULT_TARGETS, render_prometheus
from monitoring.rules.render import render_rules


def test_promtool_accepts_the_configuration_with_the_rules(tmp_path):
    write_all(tmp_path / "rules", render_rules())
    path = tmp_path / "prometheus.yml"
    text = render_prometheus(
        DEFAULT_TARGETS, rule_files=["rules/*.rules.yml"], alertmanagers=["127.0.0.1:9093"]
    )
    write_atomically(path, text)
    result = subprocess.run(
        ["promtool", "check", "config", path], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "rule files found" in result.stdout
