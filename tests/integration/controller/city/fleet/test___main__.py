"""The fleet as its own process, driven over its pipes as the city drives it."""

import asyncio
import sys

from controller.city.fleet.control import Certificates, Power, encode_order, parse_report
from controller.city.fleet.fleet import Progress


async def test_a_fleet_process_connects_and_ends_with_its_input(channel, runtime) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "controller.city.fleet",
        f"--url=wss://127.0.0.1:{channel.port}/",
        f"--data-dir={runtime.data_dir}",
        "--aps=20",
        "--seed=5",
        "--dark",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    told = []
    try:
        async with asyncio.timeout(30):
            process.stdin.write(encode_order(Power(on=True, district=None, at_once=True)))
            while line := await process.stdout.readline():
                told.append(parse_report(line))
                if isinstance(told[-1], Progress) and told[-1].configured == 20:
                    break
            process.stdin.close()
            await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert Certificates(20, 20) in told
    assert told[-1].configured == 20
