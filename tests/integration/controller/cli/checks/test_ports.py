"""Checks of ports, with ports really taken."""

import os
import socket
import subprocess
import sys

import pytest

from controller.cli.checks.ports import check_port, check_ports, find_holder
from controller.supervisor import Daemon
from tests.conftest import free_port


def test_free_tcp_and_udp():
    for protocol, kind in (("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)):
        assert check_port("x", "127.0.0.1", free_port(kind), protocol, "KOLCO_X").status == "pass"


def test_taken_by_this_test():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = check_port("x", "127.0.0.1", port, "tcp", "KOLCO_X")
        assert f"pid {os.getpid()}" in find_holder(port, "tcp")
    assert (finding.status, "KOLCO_X" in finding.fix) == ("fail", True)
    assert f"pid {os.getpid()}" in finding.detail
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        assert f"pid {os.getpid()}" in find_holder(taken.getsockname()[1], "udp")


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("kolco", ("{}",)),
        ("controller/__main__.py", [*Daemon("web", "").argv[1:-2]]),
        ("radius/workers.py", ["-P", "-m", "radius.workers"]),
    ],
    ids=["by hand", "by kolco up", "a RADIUS worker"],
)
def test_taken_by_kolco(tmp_path, file, command):
    program = tmp_path / file
    program.parent.mkdir(exist_ok=True)
    (program.parent / "__init__.py").touch()  # a package, before the installed one
    program.write_text(
        "import socket, sys\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "print(s.getsockname()[1], flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, *(word.format(program) for word in command), "serve"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        finding = check_port("x", "127.0.0.1", int(process.stdout.readline()), "tcp", "KOLCO_X")
        process.stdin.close()
    assert finding.status == "pass"
    assert f"pid {process.pid}" in finding.detail


def test_an_address_of_another_machine():
    finding = check_port("x", "192.0.2.1", free_port(), "tcp", "KOLCO_X")
    assert finding.status == "fail"
    assert "not an address of this machine" in finding.detail


def test_every_port_of_the_settings():
    names = [finding.name for finding in check_ports()]
    assert "port: radius udp 1812" in names
    assert len(names) == 11
