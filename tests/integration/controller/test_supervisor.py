"""The supervisor with real child processes: small web servers in place of daemons."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest

from controller.core.errors import ConflictError, UnavailableError
from controller.supervisor import Daemon, Supervisor
from tests.conftest import free_port
from tests.eventually import eventually, eventually_blocking


@dataclass(frozen=True)
class Program(Daemon):
    command: tuple[str, ...] = ()

    @property
    def argv(self):
        return self.command


def web_server(name="web"):
    port = free_port()
    command = (sys.executable, "-m", "http.server", "-b", "127.0.0.1", str(port))
    return Program(name, f"http://127.0.0.1:{port}/", command)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_killed_daemon_is_started_again_and_all_end_at_the_end(tmp_path):
    async with Supervisor(log_dir=tmp_path) as supervisor:
        for daemon in (web_server("one"), web_server("two")):
            await supervisor.start(daemon)
            await supervisor.wait_ready(daemon.name)
        first = supervisor.pid("one")
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: supervisor.pid("one") not in {None, first})
        await supervisor.wait_ready("one")
        assert supervisor.restarts() == {"one": 1, "two": 0}
        pids = [supervisor.pid("one"), supervisor.pid("two")]
    assert not any(is_alive(pid) for pid in pids)
    assert "GET / HTTP" in (tmp_path / "one.log").read_text()


async def test_a_daemon_that_cannot_start_is_named_with_its_last_words(tmp_path):
    command = (sys.executable, "-c", "raise SystemExit('the port is taken')")
    async with Supervisor(log_dir=tmp_path) as supervisor:
        await supervisor.start(Program("web", "http://127.0.0.1:9/", command))
        with pytest.raises(UnavailableError, match="web does not get ready: the port is taken"):
            await supervisor.wait_ready("web")


async def test_another_program_does_not_pass_for_a_daemon():
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"http://127.0.0.1:{other.getsockname()[1]}/healthz"
        async with Supervisor() as supervisor:
            with pytest.raises(ConflictError, match="already, where web is to answer"):
                await supervisor.start(Program("web", url, ("false",)))


def test_a_daemon_is_kolco_whatever_lies_in_the_current_directory(tmp_path):
    (tmp_path / "controller").mkdir()
    (tmp_path / "controller" / "__main__.py").write_text("print('a stranger')")
    argv = [*Daemon("teapot", "").argv]
    ran = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "stranger" not in ran.stdout
    assert "'teapot' is not one of" in ran.stderr


async def test_a_daemon_deaf_to_sigterm_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("controller.supervisor._STOP_GRACE_S", 0.3)
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
    code = f"import signal, time; {deaf}; time.sleep(99)"
    async with Supervisor(log_dir=tmp_path) as supervisor:
        await supervisor.start(Program("deaf", "http://127.0.0.1:9/", (sys.executable, "-c", code)))
        await eventually((tmp_path / "deaf.log").read_text)
        pid = supervisor.pid("deaf")
    assert not is_alive(pid)


def test_daemons_die_with_a_supervisor_that_is_killed(tmp_path):
    code = """
import asyncio, sys
from pathlib import Path
from controller.core.log import configure_logging
from controller.supervisor import Supervisor
from tests.integration.controller.test_supervisor import web_server
configure_logging("error", "console", "test")
async def main():
    supervisor = Supervisor(log_dir=Path(sys.argv[1]))
    await supervisor.start(web_server())
    await supervisor.wait_ready("web")
    print(supervisor.pid("web"), flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    eventually_blocking(lambda: not is_alive(pid))
