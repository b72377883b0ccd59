"""What a NAS sends, by radclient or by hand."""

import asyncio
import socket

import sqlalchemy as sa

SECRET = "a shared secret for tests"
MAC = "02:00:00:00:00:01"
AP = "00-10-A4-23-19-C0:City"
DISCONNECT_PORT = 3799
"""Where NASes take Disconnect-Requests; tests that play one put theirs here."""


async def radclient(port, kind, attributes, *, secret=SECRET, silent=False):
    """What radclient prints; it waits long for an answer, and shortly if there shall be none."""
    wait_s = "1" if silent else "15"
    process = await asyncio.create_subprocess_exec(
        "radclient", "-x", "-t", wait_s, "-r", "1", f"127.0.0.1:{port}", kind, secret,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate(attributes.encode())
    return output.decode()


def mab(mac=MAC):
    bare = mac.replace(":", "")
    return f'User-Name="{bare}",User-Password="{bare}",Called-Station-Id="{AP}",Message-Authenticator=0x00\n'


def acct(status, **values):
    lines = {"Acct_Status_Type": status, "Acct_Session_Id": "A1", "Calling_Station_Id": MAC, **values}
    return ",".join(f"{name.replace('_', '-')}={value}" for name, value in lines.items()) + "\n"


def class_of(output):
    return next(line.split("=")[1].strip() for line in output.splitlines() if "Class = " in line)


async def rows(runtime, model, *order):
    async with runtime.db.reading() as tx:
        return (await tx.scalars(sa.select(model).order_by(*order))).all()


async def until(condition, seconds=15):
    """Wait until an asynchronous condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


def exchange(port, data, wait_s=10):
    """Send a datagram; the answers until it is quiet."""
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(wait_s)
        for datagram in data if isinstance(data, list) else [data]:
            sock.sendto(datagram, ("127.0.0.1", port))
            try:
                answers.append(sock.recv(4096))
            except TimeoutError:
                answers.append(None)
    return answers
