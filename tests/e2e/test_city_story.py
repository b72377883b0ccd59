"""The whole story, as CI tells it: `kolco city --check` on the embedded default and on servers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from controller.city import network
from tests.eventually import eventually_blocking

KOLCO = [sys.executable, "-m", "controller"]
STEPS = [
    "machine",
    "city-up",
    "lease",
    "probe-captive",
    "login-sms",
    "online",
    "outsider",
    "capport-api",
    "session-cli",
    "accounting",
    "metrics",
    "radius-mab",
    "radius-eap",
    "ssid-renamed",
    "gateway-killed",
    "login-voucher",
    "known-device",
    "logout",
]

pytestmark = pytest.mark.timeout(420)


class Traces:
    """What the cities of a test make on the machine, to see afterwards that it is gone."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.namespaces = set()

    def start(self, *arguments, env=None, wrapped=(), **options):
        """Start `kolco` with a temporary directory of our own."""
        environment = {**os.environ, **(env or {}), "TMPDIR": str(self.scratch)}
        return subprocess.Popen([*wrapped, *KOLCO, *arguments], env=environment, **options)

    def watch(self, city):
        """Note the namespaces that a running city claims; others may run on this machine too."""
        for claim in network.claims(network.STATE_DIRECTORY):
            if claim.pid == city.pid:
                self.namespaces.update(claim.namespaces)

    def left(self):
        """Everything that is still there."""
        there = {path.name for path in network.NETNS_DIRECTORY.glob("*")}
        configured = {path.name for path in network.NETNS_CONFIG.glob("*")}
        claimed = {name for claim in network.claims(network.STATE_DIRECTORY) for name in claim.namespaces}
        return {
            "namespaces": sorted(self.namespaces & (there | configured | claimed)),
            "processes": [process for process in psutil.process_iter(["cmdline"]) if self._is_ours(process)],
            "files": [*self.scratch.iterdir()],
        }

    def _is_ours(self, process):
        try:
            return process.environ().get("TMPDIR", "").startswith(str(self.scratch))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


@pytest.fixture
def traces():
    """A temporary directory for the city, and a look at what it left on the machine afterwards."""
    made = Traces(Path(tempfile.mkdtemp(prefix="kt-")))
    try:
        yield made
        assert made.left() == {"namespaces": [], "processes": [], "files": []}
    finally:
        shutil.rmtree(made.scratch)


def tell(traces, *arguments, env=None):
    """Tell the story; how the process ended, what it said to people, and its report."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        city = traces.start("city", *arguments, "--check", "-o", "json", env=env, stdout=out, stderr=err)
        try:

            def ended():
                traces.watch(city)
                return city.poll() is not None

            eventually_blocking(ended, within_s=400)
        finally:
            end(city)
        out.seek(0)
        err.seek(0)
        told = err.read()
        report = out.read()
    assert report, told
    return Told(city.returncode, told, json.loads(report))


def end(city, number=signal.SIGTERM):
    """End a city that still runs, and wait until it is gone."""
    if city.poll() is None:
        city.send_signal(number)
    try:
        return city.wait(60)
    except subprocess.TimeoutExpired:
        city.kill()
        return city.wait()


@dataclass(frozen=True)
class Told:
    code: int
    shown: str
    story: dict


def assert_told(told):
    story = told.story
    assert story["outcome"] == "passed", f"{story['failed_step']}: {story['error']}\n{told.shown}"
    assert told.code == 0
    assert [step["name"] for step in story["steps"]] == STEPS
    assert all(step["seconds"] >= 0 and step["outcome"] == "passed" for step in story["steps"])
    assert story["failed_step"] is None


def test_the_story_holds_on_the_embedded_default(traces):
    told = tell(traces, "--aps", "300", "--phones", "3")
    assert_told(told)
    assert traces.namespaces
    assert (told.story["aps"], told.story["phones"]) == (300, 3)
    assert (told.story["database"], told.story["bus"]) == ("sqlite", "embedded")


def test_the_story_holds_on_postgresql_and_nats(traces, postgres_url, nats_url):
    servers = ("--database-url", postgres_url, "--bus-url", nats_url)
    told = tell(traces, "--aps", "300", "--phones", "3", *servers)
    assert_told(told)
    assert (told.story["database"], told.story["bus"]) == ("postgresql", "nats")


@pytest.mark.parametrize(("program", "step"), [("dhclient", "lease"), ("radclient", "radius-mab")])
def test_a_broken_step_ends_the_story_and_is_named(traces, tmp_path, program, step):
    broken = tmp_path / "bin" / program
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    path = f"{broken.parent}:{os.environ['PATH']}"
    told = tell(traces, "--aps", "3", "--phones", "3", env={"PATH": path})
    assert told.code == 1
    assert told.story["outcome"] == "failed"
    assert told.story["failed_step"] == step, told.story["error"]
    failed_at = STEPS.index(step)
    rest = len(STEPS) - failed_at - 1
    outcomes = [one["outcome"] for one in told.story["steps"]]
    assert outcomes == ["passed"] * failed_at + ["failed"] + ["not reached"] * rest


def run_until_shown(traces, log, *arguments, number, **options):
    """Start a city to look at, wait for its summary, end it; what it showed."""
    with log.open("w") as output:
        city = traces.start("city", *arguments, stdout=output, stderr=output, **options)

    def shown():
        traces.watch(city)
        assert city.poll() is None, log.read_text()
        return "Ctrl-C" in log.read_text()

    try:
        eventually_blocking(shown, within_s=180)
    finally:
        code = end(city, number)
    assert code == 0, log.read_text()
    return log.read_text()


def test_a_city_that_is_interrupted_leaves_nothing_behind(traces, tmp_path):
    shown = run_until_shown(traces, tmp_path / "log", "--aps", "5", "--phones", "1", number=signal.SIGINT)
    assert traces.namespaces
    assert "5 of 5 connected" in shown
    assert "3. " in shown


def test_what_a_killed_city_left_is_swept_by_the_next(traces, tmp_path):
    with (tmp_path / "log").open("w") as output:
        killed = traces.start("city", "--aps", "2", "--phones", "1", stdout=output, stderr=output)

    def claimed():
        traces.watch(killed)
        assert killed.poll() is None, (tmp_path / "log").read_text()
        return traces.namespaces

    eventually_blocking(claimed, within_s=60)
    killed.kill()
    killed.wait()
    assert traces.left()["namespaces"]
    swept = traces.namespaces.copy()
    run_until_shown(traces, tmp_path / "log2", "--aps", "2", "--phones", "1", number=signal.SIGTERM)
    assert traces.namespaces > swept


def test_a_city_without_root_says_what_is_left_out(traces, tmp_path):
    traces.scratch.chmod(0o777)
    # Nobody, who may still read the interpreter where root keeps it.
    nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=+dac_read_search",
        "--ambient-caps=+dac_read_search",
    ]
    shown = run_until_shown(
        traces,
        tmp_path / "log",
        "--aps",
        "5",
        number=signal.SIGTERM,
        wrapped=nobody,
        env={"HOME": "/nonexistent"},
    )
    assert not traces.namespaces
    assert "gateway and phones" in shown
    assert "sudo" in shown
    assert "5 of 5 connected" in shown
