"""The RADIUS benchmarks run from end to end, with little of everything, and leave nothing running."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.eventually import eventually_blocking

NAMES = {
    "radius_auth": {"radius.pap", "radius.pap.over_postgresql", "radius.pap.p99_at_70_percent"},
    "radius_acct": {"radius.accounting", "radius.accounting.applied", "radius.accounting.missing"},
    "radius_eap": {"radius.eap_ttls_pap", "radius.eap_ttls_pap.tls13"},
    "radius_storm": {"radius.storm.pap", "radius.storm.mixed"},
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_measures_both_sides_and_cleans_up(name):
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.benchmarks.{name}", "--quick"],
        cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    output, errors = process.communicate()
    lines = [json.loads(line) for line in output.decode().splitlines()]
    assert lines, errors.decode()
    figures = {line["name"]: line for line in lines}
    assert NAMES[name] <= figures.keys()
    assert lines[-1]["name"] == name
    for line in lines:
        if line["name"].endswith((".lost", ".missing")):
            assert line["ours"] == 0, line
    assert process.returncode == (0 if lines[-1]["holds"] else 1)
    # multiprocessing's own helper ends when it notices
    eventually_blocking(lambda: not _of_session(process.pid))


def _of_session(session):
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if os.getsid(process.pid) == session:
                found.append(process.info)
        except ProcessLookupError:
            continue
    return found
