"""How commands meet a controller: away, strange, or not theirs."""

import asyncio
import shlex
import sys
from pathlib import Path

import pytest

from controller.models import District, Site
from tests.conftest import free_port

ROOT = Path(__file__).parents[4]


async def test_no_controller_ends_with_5_and_says_what_to_do(kolco):
    done = await kolco("ap", "list", code=5, KOLCO_CLI_API_URL=f"http://127.0.0.1:{free_port()}")
    assert "no controller answers at" in done.err
    assert "kolco up" in done.err
    assert done.out == ""


async def test_no_token_ends_with_4(kolco, tmp_path):
    done = await kolco("ap", "list", code=4, KOLCO_DATA_DIR=str(tmp_path / "empty"))
    assert "there is no token" in done.err
    wrong = await kolco("ap", "list", code=4, KOLCO_CLI_TOKEN="kolco_wrong")
    assert "the token is not valid" in wrong.err


async def test_a_role_too_low_ends_with_4(kolco):
    token = (await kolco("operator", "create", "vera", "--role", "viewer")).out.strip()
    done = await kolco("site", "create-district", "x", "--name", "X", code=4, KOLCO_CLI_TOKEN=token)
    assert "needs the role engineer" in done.err
    await kolco("site", "list", KOLCO_CLI_TOKEN=token)


async def test_a_token_file_elsewhere(kolco, tmp_path):
    token = (await kolco("operator", "create", "vera", "--role", "viewer")).out
    (tmp_path / "token").write_text(token)
    shown = await kolco("operator", "whoami", "-o", "json", KOLCO_CLI_TOKEN_FILE=str(tmp_path / "token"))
    assert shown.json == {"name": "vera", "role": "viewer"}


async def test_something_else_on_the_port(kolco):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        done = await kolco("ap", "list", code=1, KOLCO_CLI_API_URL=f"http://127.0.0.1:{port}")
    assert "does not answer like a controller" in done.err


async def test_a_wrong_setting_is_named(kolco):
    done = await kolco("ap", "list", code=1, KOLCO_CLI_TIMEOUT_S="soon")
    assert "KOLCO_CLI_TIMEOUT_S" in done.err


async def test_what_is_typed_wrong_gets_suggestions(kolco):
    for typed, suggested in (
        (("ap", "lst"), "'list'"),
        (("ap", "list", "--conected"), "--connected"),
        (("wlans",), "'wlan'"),
        (("docter",), "'doctor'"),
    ):
        done = await kolco(*typed, code=2)
        assert suggested in done.err
        assert done.out == ""


async def test_names_that_no_path_can_hold(kolco):
    await kolco("wlan", "show", "", code=1)
    await kolco("wlan", "show", "..", code=1)
    await kolco("wlan", "show", "a/../b?c", code=3)
    await kolco("site", "show", "парк", code=3)


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("KOLCO_CLI_API_URL", "http://a:b", 1),
        ("KOLCO_CLI_API_URL", "nowhere", 5),
        ("KOLCO_CLI_TOKEN", "жетон", 4),
    ],
)
async def test_settings_that_are_none(kolco, variable, value, code):
    done = await kolco("ap", "list", code=code, **{variable: value})
    assert done.err.startswith("error: ")


async def test_a_token_in_the_clear_is_told(kolco):
    done = await kolco("ap", "list", code=5, KOLCO_CLI_API_URL="http://kolco.invalid:1")
    assert "unencrypted" in done.err
    assert "unencrypted" not in (await kolco("ap", "list", code=5, KOLCO_CLI_API_URL="http://[::1]:1")).err


async def test_every_page_is_fetched(kolco):
    async with kolco.db.transaction() as tx:
        tx.add(District(id="many", name="Many"))
        await tx.flush()
        tx.add_all(
            Site(id=f"s{n:04}", name="S", district_id="many", latitude=55.7, longitude=37.6)
            for n in range(2100)
        )
    rows = (await kolco("site", "list", "--district", "many", "-o", "json")).json
    assert len({row["id"] for row in rows}) == 2100


async def test_a_closed_pipe_brings_no_traceback(kolco):
    process = await asyncio.create_subprocess_shell(
        f"{shlex.quote(sys.executable)} -m controller zone list | true",
        stderr=asyncio.subprocess.PIPE,
        env=kolco.environment,
        cwd=ROOT,
    )
    _, err = await process.communicate()
    assert err == b""
