"""The whole story, as CI tells it: `kolco city --check` on the embedded default and on servers."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from controller.city import network

KOLCO = [sys.executable, "-m", "controller"]
STEPS = [
    "machine",
    "city-up",
    "lease",
    "probe-captive",
    "login-sms",
    "online",
    "capport-api",
    "session-cli",
    "accounting",
    "metrics",
    "radius-mab",
    "ssid-renamed",
    "gateway-killed",
    "login-voucher",
    "known-device",
    "logout",
]

pytestmark = pytest.mark.timeout(420)


@pytest.fixture
def traces(tmp_path, monkeypatch):
    """A temporary directory of the city's own, and a look at what it left on the machine afterwards."""
    scratch = Path("/tmp") / f"kt{os.getpid()}-{time.monotonic_ns() % 100000}"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    before = namespaces()
    yield scratch
    left = sorted(namespaces() - before)
    processes = [found for found in psutil.process_iter(["pid", "cmdline"]) if is_ours(found, scratch)]
    files = list(scratch.iterdir())
    scratch.rmdir()
    assert left == []
    assert processes == []
    assert files == []


def namespaces():
    return {path.name for path in network.NETNS_DIRECTORY.glob("kc*")}


def is_ours(process, scratch):
    """Whether a process was started with the city's temporary directory."""
    try:
        return process.environ().get("TMPDIR", "").startswith(str(scratch))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def tell(*arguments, env=None):
    ended = subprocess.run(
        [*KOLCO, "city", *arguments, "--check", "-o", "json"],
        check=False,
        capture_output=True,
        text=True,
        timeout=400,
        env={**os.environ, **(env or {})},
    )
    assert ended.stdout, ended.stderr
    return ended, json.loads(ended.stdout)


def assert_told(ended, story):
    assert story["outcome"] == "passed", f"{story['failed_step']}: {story['error']}\n{ended.stderr}"
    assert ended.returncode == 0
    assert [step["name"] for step in story["steps"]] == STEPS
    assert all(step["seconds"] >= 0 and step["outcome"] == "passed" for step in story["steps"])
    assert story["failed_step"] is None


def test_the_story_holds_on_the_embedded_default(traces):
    ended, story = tell("--aps", "300", "--phones", "3")
    assert_told(ended, story)
    assert (story["aps"], story["phones"]) == (300, 3)
    assert (story["database"], story["bus"]) == ("sqlite", "embedded")


def test_the_story_holds_on_postgresql_and_nats(traces, postgres_url, nats_url):
    ended, story = tell(
        "--aps", "300", "--phones", "3", "--database-url", postgres_url, "--bus-url", nats_url
    )
    assert_told(ended, story)
    assert (story["database"], story["bus"]) == ("postgresql", "nats")


@pytest.mark.parametrize(
    ("program", "step"),
    [("dhclient", "lease"), ("radclient", "radius-mab")],
)
def test_a_broken_step_ends_the_story_and_is_named(traces, tmp_path, program, step):
    broken = tmp_path / "bin" / program
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    path = f"{broken.parent}:{os.environ['PATH']}"
    ended, story = tell("--aps", "3", "--phones", "2", env={"PATH": path})
    assert ended.returncode == 1
    assert story["outcome"] == "failed"
    assert story["failed_step"] == step
    outcomes = [one["outcome"] for one in story["steps"]]
    failed_at = STEPS.index(step)
    assert outcomes == ["passed"] * failed_at + ["failed"] + ["not reached"] * (len(STEPS) - failed_at - 1)


def test_a_city_that_is_interrupted_leaves_nothing_behind(traces, tmp_path):
    log = tmp_path / "log"
    with log.open("w") as output:
        city = subprocess.Popen([*KOLCO, "city", "--aps", "5", "--phones", "1"], stdout=output, stderr=output)
    try:
        until = time.monotonic() + 120
        while "Ctrl-C" not in log.read_text():
            assert city.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        shown = log.read_text()
        assert "5 of 5 connected" in shown
        assert "3. " in shown
        city.send_signal(signal.SIGINT)
        assert city.wait(60) == 0
    finally:
        if city.poll() is None:
            city.kill()
            city.wait()


def test_a_city_without_root_says_what_is_left_out(traces, tmp_path):
    log = tmp_path / "log"
    home = traces / "home"
    home.mkdir()
    home.chmod(0o777)
    traces.chmod(0o777)
    with log.open("w") as output:
        city = subprocess.Popen(
            [*KOLCO, "city", "--aps", "5"],
            stdout=output,
            stderr=output,
            user="nobody",
            group="nogroup",
            extra_groups=[],
            env={**os.environ, "HOME": str(home)},
        )
    try:
        until = time.monotonic() + 120
        while "Ctrl-C" not in log.read_text():
            assert city.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        shown = log.read_text()
        assert "gateway and phones" in shown
        assert "sudo" in shown
        assert "5 of 5 connected" in shown
        city.send_signal(signal.SIGTERM)
        assert city.wait(60) == 0
    finally:
        if city.poll() is None:
            city.kill()
            city.wait()
        home.rmdir()
