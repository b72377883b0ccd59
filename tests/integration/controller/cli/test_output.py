"""What people at a terminal see: colour, NO_COLOR, questions."""

import asyncio
import os
import pty
import sys
from pathlib import Path

import pytest

from tests.factories.inventory import add_ap, serial_of


async def at_a_terminal(kolco, *arguments: str, answer: str = "", **variables: str) -> tuple[int, str]:
    """Run a command on a pseudo-terminal; returns the exit code and everything shown."""
    ours, theirs = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "controller", *arguments,
            stdin=theirs, stdout=theirs, stderr=theirs,
            env=kolco.environment | {"TERM": "xterm-256color", "COLUMNS": "100"} | variables,
        )  # fmt: skip
        os.write(ours, answer.encode())
        code = await process.wait()
        os.set_blocking(ours, False)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except BlockingIOError:
                break
            shown += part
    finally:
        os.close(theirs)
        os.close(ours)
    return code, shown.decode()


@pytest.fixture
async def ap(kolco) -> str:
    return await add_ap(kolco.db, 1, connected=True)


async def test_colour_at_a_terminal_unless_told_otherwise(kolco, ap):
    code, shown = await at_a_terminal(kolco, "ap", "list")
    assert code == 0
    assert "\x1b[32myes" in shown
    assert serial_of(1) in shown
    _, plain = await at_a_terminal(kolco, "ap", "list", NO_COLOR="1")
    assert "\x1b[3" not in plain
    _, details = await at_a_terminal(kolco, "ap", "show", ap)
    assert "garden-ring" in details


@pytest.mark.parametrize(("answer", "code", "state"), [("n\n", 2, "adopted"), ("y\n", 0, "retired")])
async def test_what_hurts_is_asked_first(kolco, ap, answer, code, state):
    ended, shown = await at_a_terminal(kolco, "ap", "retire", ap, answer=answer)
    assert ended == code, shown
    assert "Its clients drop" in shown
    assert (await kolco("ap", "show", ap, "-o", "json")).json["state"] == state


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("kolco ap l", "list\nlocate"),
        ("kolco w", "wlan"),
        ("kolco ap list --state ", "planned\nadopted\nretired"),
    ],
)
async def test_the_shell_completes(typed, offered):
    environment = {
        "PATH": os.environ["PATH"],
        "_KOLCO_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("kolco"), stdout=asyncio.subprocess.PIPE, env=environment
    )
    out, _ = await process.communicate()
    assert out.decode().strip() == offered
