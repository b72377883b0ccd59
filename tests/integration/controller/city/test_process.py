"""Children of the city: they end when they are told, and die with their parent."""

import asyncio
import signal
import sys
from pathlib import Path

import psutil
import pytest

from controller.city.process import Child, in_namespace, run
from controller.core.errors import UnavailableError
from tests.eventually import eventually


async def test_a_program_that_ends_gives_its_output():
    ended = await run(["sh", "-c", "cat; echo $A >&2; exit 3"], stdin=b"in", env={"A": "b"})
    assert (ended.code, ended.text, ended.stderr) == (3, "in", b"b\n")
    with pytest.raises(UnavailableError, match="failed with 3: b"):
        ended.checked()


async def test_a_program_that_does_not_end_is_killed():
    with pytest.raises(UnavailableError, match="within"):
        await run(["sleep", "600"], timeout_s=0.1)


async def test_a_child_stops_politely_or_not(tmp_path):
    child = await Child.start("sleep", ["sleep", "600"], log=tmp_path / "log")
    assert child.running
    await child.stop()
    assert not child.running
    await child.stop()

    stubborn = await Child.start(
        "sh", ["sh", "-c", "trap '' TERM; echo here; sleep 600"], log=tmp_path / "log"
    )
    await eventually(lambda: "here" in stubborn.last_words())
    started = asyncio.get_running_loop().time()
    stopping = asyncio.create_task(stubborn.stop(grace_s=0.2))
    await stopping
    assert asyncio.get_running_loop().time() - started < 3
    assert not stubborn.running


async def test_a_child_dies_with_a_killed_parent(tmp_path):
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from controller.city.process import Child\n"
        "async def main():\n"
        f"    child = await Child.start('sleep', ['sleep', '600'], log=Path({str(tmp_path / 'log')!r}))\n"
        "    print(child.process.pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    pid = int(await parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    await parent.wait()

    def dead():
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # init reaps it when it likes
        except psutil.NoSuchProcess:
            return True

    await eventually(dead)


def test_a_command_runs_in_a_namespace():
    assert in_namespace("kc-gw", ["true"]) == ["ip", "netns", "exec", "kc-gw", "true"]
