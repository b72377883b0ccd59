"""`kolco doctor` as a process."""

import asyncio
import os
import socket

from controller import migrations
from tests.conftest import free_port


async def test_a_machine_that_works(kolco):
    kolco.runtime.data_dir.chmod(0o700)
    done = await kolco("doctor", "-o", "json", code=1)
    found = {finding["name"]: finding for finding in done.json}
    assert found["kernel: nftables sets"]["status"] == "pass"
    assert found["controller"]["detail"] == "answers; you are local (admin)"
    # The tests' database is made from the tables, not by a migration; doctor says so.
    assert [name for name, finding in found.items() if finding["status"] == "fail"] == ["database"]
    assert "1 fail" in done.err


async def test_after_the_migration_nothing_fails(kolco, tmp_path):
    ports = {name: str(free_port()) for name in ("CONTROLLER_API_PORT", "CONTROLLER_AP_PORT")}
    url = f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}"
    await kolco("db", "upgrade", KOLCO_DATABASE_URL=url)
    variables = {f"KOLCO_{name}": value for name, value in ports.items()}
    done = await kolco("doctor", KOLCO_DATABASE_URL=url, **variables)
    assert f"sqlite, schema {migrations.newest()}" in done.out
    brief = await kolco("doctor", "--brief", KOLCO_DATABASE_URL=url, **variables)
    assert not any(line.startswith("pass") for line in brief.out.splitlines())


async def test_a_taken_port_names_its_holder(kolco):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = await kolco("doctor", "-o", "json", code=1, KOLCO_CONTROLLER_API_PORT=str(port))
    [finding] = [row for row in done.json if row["name"] == f"port: controller tcp {port}"]
    assert finding["status"] == "fail"
    assert f"pid {os.getpid()}" in finding["detail"]
    assert "KOLCO_CONTROLLER_API_PORT" in finding["fix"]


async def test_parts_that_are_away(kolco):
    nats, postgres = free_port(), free_port()
    done = await asyncio.wait_for(
        kolco(
            "doctor", "-o", "json", code=1,
            KOLCO_BUS_URL=f"nats://127.0.0.1:{nats}",
            KOLCO_DATABASE_URL=f"postgresql+asyncpg://kolco@127.0.0.1:{postgres}/kolco",
            KOLCO_CLI_API_URL=f"http://127.0.0.1:{free_port()}",
        ),
        60,
    )  # fmt: skip
    found = {finding["name"]: finding["status"] for finding in done.json}
    assert (found["bus"], found["database"], found["controller"]) == ("fail", "fail", "warn")


async def test_a_wrong_setting_is_a_finding(kolco):
    done = await kolco("doctor", "-o", "json", code=1, KOLCO_RADIUS_AUTH_PORT="many")
    [finding] = [row for row in done.json if row["name"] == "settings: radius"]
    assert "KOLCO_RADIUS_AUTH_PORT" in finding["detail"]
