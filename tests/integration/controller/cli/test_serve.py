"""`kolco serve`: a daemon as a process: starts, answers, ends, and says clearly why it does not."""

import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from tests.conftest import end, free_port
from tests.eventually import eventually_blocking
from tests.integration.controller.cli.test_db import kolco

DAEMONS = ("controller", "portal", "radius", "monitor")
PORTS = {
    "controller": ("ADMIN", "API", "AP"),
    "portal": ("ADMIN", "", "HTTP"),
    "radius": ("ADMIN", "AUTH", "ACCT", "DISCONNECT"),
    "monitor": ("ADMIN",),
}


def ports(daemon):
    return {
        f"KOLCO_{daemon.upper()}_{f'{name}_' if name else ''}PORT": str(free_port()) for name in PORTS[daemon]
    }


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_gets_ready_and_ends_politely(daemon, tmp_path):
    env = {"KOLCO_DATA_DIR": str(tmp_path), **ports(daemon)}
    assert kolco("db", "upgrade", **env).returncode == 0
    process = subprocess.Popen([sys.executable, "-m", "controller", "serve", daemon], env=os.environ | env)
    try:
        url = f"http://127.0.0.1:{env[f'KOLCO_{daemon.upper()}_ADMIN_PORT']}"
        with httpx.Client(base_url=url, trust_env=False) as web:

            def healthy():
                return process.poll() is not None or web.get("/healthz").status_code == 200

            eventually_blocking(healthy, within_s=30, despite=(httpx.TransportError,))
            assert process.poll() is None
            assert "process_start_time_seconds" in web.get("/metrics").text
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        end(process)


def test_a_taken_port_is_one_clear_line(tmp_path):
    env = {"KOLCO_DATA_DIR": str(tmp_path), **ports("controller")}
    kolco("db", "upgrade", **env)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env["KOLCO_CONTROLLER_API_PORT"] = str(taken.getsockname()[1])
        refused = kolco("serve", "controller", KOLCO_LOG_LEVEL="error", **env)
    assert refused.returncode == 1
    assert "error: cannot listen on 127.0.0.1:" in refused.stderr
    assert "hint: choose another port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_wrong_setting_is_named(tmp_path):
    refused = kolco("serve", "monitor", KOLCO_DATA_DIR=str(tmp_path), KOLCO_MONITOR_ADMIN_PORT="high")
    assert refused.returncode == 1
    assert "KOLCO_MONITOR_ADMIN_PORT" in refused.stderr


def test_an_unknown_daemon_is_a_usage_error():
    assert kolco("serve", "teapot").returncode == 2
