"""`kolco up`: the whole of kolco on an empty directory."""

import os
import signal
import subprocess
import sys

from tests.conftest import end
from tests.integration.controller.cli.test_db import kolco
from tests.integration.controller.cli.test_serve import DAEMONS, ports


def test_everything_comes_up_from_nothing_and_ends_on_ctrl_c(tmp_path):
    env = {"KOLCO_DATA_DIR": str(tmp_path / "data")}
    for daemon in DAEMONS:
        env |= ports(daemon)
    process = subprocess.Popen(
        [sys.executable, "-m", "controller", "up"],
        env=os.environ | env,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        before = []
        for line in process.stderr:
            if line.startswith("ready: "):
                break
            before.append(line)
        assert any(line.startswith("the gateway is left out: set KOLCO_GATEWAY_PORTAL") for line in before)
        assert line == "ready: controller, portal, radius, monitor. Ctrl-C ends them. Next: kolco doctor\n"
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(15) == 0
        assert "Traceback" not in rest
    finally:
        end(process)
        process.stderr.close()


def test_nothing_left_to_run_is_an_error():
    every = [f"--without={name}" for name in (*DAEMONS, "gateway")]
    refused = kolco("up", *every)
    assert refused.returncode == 1
    assert "no daemon is left to run" in refused.stderr
