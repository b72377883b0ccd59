"""`kolco monitor` writes files; standard output stays clean for pipes."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from controller.cli.monitor import app, render_metrics
from controller.core.errors import InvalidInputError

run = CliRunner().invoke


def test_prometheus_config_on_standard_output():
    result = run(app, ["prometheus-config", "--target", "gateway=10.0.0.1:9482", "--rule-file", "r/*.yml"])
    assert result.exit_code == 0
    config = yaml.safe_load(result.stdout)
    assert [job["job_name"] for job in config["scrape_configs"]] == ["kolco-gateway"]
    assert config["rule_files"] == ["r/*.yml"]


def test_prometheus_config_scrapes_every_service_by_default():
    assert len(yaml.safe_load(run(app, ["prometheus-config"]).stdout)["scrape_configs"]) == 5


def test_a_wrong_target_is_a_usage_error():
    result = run(app, ["prometheus-config", "--target", "nonsense"])
    assert result.exit_code == 2
    assert "service=host:port" in result.stderr


@pytest.mark.parametrize("command", ["rules", "dashboards"])
def test_files_are_written_once(tmp_path, command):
    first = run(app, [command, "--out", str(tmp_path)])
    assert (first.exit_code, first.stdout) == (0, "")
    assert "written" in first.stderr
    second = run(app, [command, "--out", str(tmp_path)])
    assert "unchanged" in second.stderr
    assert " written" not in second.stderr


@pytest.mark.parametrize("command", ["rules", "dashboards", "prometheus-config"])
def test_a_path_that_cannot_be_written_is_told(tmp_path, command):
    (tmp_path / "file").write_text("")
    result = run(app, [command, "--out", str(tmp_path / "file" / "below")])
    assert isinstance(result.exception, InvalidInputError)
    assert "cannot write" in result.exception.message


def test_dashboards_are_json(tmp_path):
    run(app, ["dashboards", "--out", str(tmp_path)])
    assert json.loads((tmp_path / "city-wall.json").read_text())["title"] == "City wall"


def test_prometheus_config_to_a_file(tmp_path):
    path = tmp_path / "prometheus.yml"
    assert run(app, ["prometheus-config", "--out", str(path)]).exit_code == 0
    assert yaml.safe_load(path.read_text())["global"]["scrape_interval"] == "15s"


def test_the_committed_reference_of_metrics_is_what_the_code_says():
    committed = (Path(__file__).parents[4] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert committed == render_metrics(), "run: kolco docs --out docs"
