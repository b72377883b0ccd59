"""Checks of the machine: what they make of facts, and the kernel of this one."""

from datetime import UTC, datetime

import pytest

from controller.cli.checks import machine
from radius.native.location import State

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(("version", "status"), [((3, 10), "fail"), ((3, 11), "pass"), ((4, 0), "pass")])
def test_python(version, status):
    assert machine.check_python(version).status == status


@pytest.mark.parametrize(("user", "status"), [(0, "pass"), (1000, "warn")])
def test_root(user, status):
    assert machine.check_root(user).status == status


@pytest.mark.parametrize(("limit", "status"), [(1024, "warn"), (100_000, "pass"), (-1, "pass")])
def test_open_files(limit, status):
    assert machine.check_files(limit).status == status


@pytest.mark.parametrize(
    ("now", "synchronised", "status"),
    [
        (NOW, True, "pass"),
        (NOW, None, "pass"),
        (NOW, False, "warn"),
        (datetime(1970, 1, 1, tzinfo=UTC), True, "fail"),
    ],
)
def test_clock(now, synchronised, status):
    assert machine.check_clock(now, synchronised=synchronised).status == status


def test_the_kernels_clock_is_read():
    assert machine.read_clock_state() in (True, False, None)


def test_this_kernel():
    assert {finding.status for finding in machine.check_kernel(root=True)} == {"pass"}
    assert {finding.status for finding in machine.check_kernel(root=False)} == {"warn"}


def test_a_kernel_without(monkeypatch):
    monkeypatch.setattr(machine, "_KERNEL_TRIALS", {"x": ("ip", "link", "add", "k", "type", "nonsense")})
    [finding] = machine.check_kernel(root=True)
    assert finding.status == "fail"
    assert finding.detail


def test_programs(monkeypatch, tmp_path):
    assert {finding.status for finding in machine.check_tools()} == {"pass"}
    missing = [
        ("no-such-program", "no-such-package", "the gateway", True),
        ("nor-this", "p", "the city", False),
    ]
    monkeypatch.setattr(machine, "_TOOLS", missing)
    first, second = machine.check_tools()
    assert (first.status, first.fix) == ("fail", "apt install no-such-package")
    assert second.status == "warn"


@pytest.mark.parametrize("state", State)
def test_whether_the_hot_path_is_compiled(state):
    finding = machine.check_compiled(state)
    assert (finding.status == "pass") == (state is State.COMPILED)
    assert bool(finding.fix) == (state is not State.COMPILED)
