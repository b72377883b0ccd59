import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitoring.prometheus import DEFAULT_TARGETS, SERVICES, Target, parse_target, render_prometheus


def test_every_service_is_a_job_with_its_default_port():
    config = yaml.safe_load(render_prometheus(DEFAULT_TARGETS, rule_files=["/etc/kolco/rules/*.yml"]))
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert jobs["kolco-controller"] == ["127.0.0.1:9480"]
    assert jobs["kolco-monitor"] == ["127.0.0.1:9484"]
    assert list(jobs) == [f"kolco-{service}" for service in SERVICES]
    assert config["rule_files"] == ["/etc/kolco/rules/*.yml"]
    assert "alerting" not in config


def test_targets_of_one_service_share_a_job():
    targets = [Target("gateway", "10.0.0.1:9482"), Target("gateway", "10.0.0.2:9482")]
    (job,) = yaml.safe_load(render_prometheus(targets))["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["10.0.0.1:9482", "10.0.0.2:9482"]}]


def test_every_job_is_limited_but_takes_the_longest_name():
    longest_name = "Ж" * 200
    for job in yaml.safe_load(render_prometheus(DEFAULT_TARGETS))["scrape_configs"]:
        assert job["sample_limit"] > 0
        assert job["label_value_length_limit"] >= 4 * len(longest_name)


def test_alertmanagers_and_the_interval():
    config = yaml.safe_load(render_prometheus([], scrape_interval_s=5, alertmanagers=["127.0.0.1:9093"]))
    assert config["global"]["scrape_interval"] == config["global"]["scrape_timeout"] == "5s"
    assert config["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}]


def test_parse_target():
    assert parse_target("gateway=10.1.2.3:9482") == Target("gateway", "10.1.2.3:9482")
    assert parse_target("portal=[::1]:9481") == Target("portal", "[::1]:9481")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gateway",
        "gateway=",
        "gateway=host",
        "gateway=:1",
        "gateway=h:0",
        "web=h:80",
        "gateway=h:65536",
        "gateway=h:²",
    ],
)
def test_parse_target_refuses(text):
    with pytest.raises(ValueError, match=r"service=host:port|none of"):
        parse_target(text)


@given(st.text())
def test_parse_target_never_fails_otherwise(text):
    with contextlib.suppress(ValueError):
        parse_target(text)
