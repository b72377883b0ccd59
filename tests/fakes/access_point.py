"""An access point's side of the uCentral channel for tests: a real TLS websocket, scripted by hand."""

import asyncio
import json
import ssl
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect

SUBPROTOCOL = "ucentral-broker"


def connect_params(serial: str, *, uuid: int = 1, **capabilities) -> dict:
    return {
        "serial": serial,
        "firmware": "kolco-test 1.0",
        "uuid": uuid,
        "reason": "socket",
        "password": "hunter2-secret",
        "capabilities": {"compatible": "test", "model": "test", "platform": "ap", **capabilities},
    }


class FakeAccessPoint:
    def __init__(self, websocket: ClientConnection, serial: str) -> None:
        self.websocket = websocket
        self.serial = serial
        self.uuid = 1

    async def call(self, method: str, **params) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        await self.websocket.send(json.dumps(message, ensure_ascii=False))

    async def introduce(self, *, uuid: int = 1, **capabilities) -> None:
        self.uuid = uuid
        await self.call("connect", **connect_params(self.serial, uuid=uuid, **capabilities))

    async def receive(self) -> dict:
        async with asyncio.timeout(10):
            return json.loads(await self.websocket.recv())

    async def reply(self, command: dict, *, error: int = 0, text: str = "Success", **status) -> None:
        result = {
            "serial": self.serial,
            "uuid": command["params"].get("uuid", self.uuid),
            "status": {"error": error, "text": text, **status},
        }
        await self.websocket.send(json.dumps({"jsonrpc": "2.0", "id": command["id"], "result": result}))

    async def accept_configure(self) -> dict:
        """Take one `configure`, answer success, return its config."""
        command = await self.receive()
        assert command["method"] == "configure", command
        await self.reply(command)
        self.uuid = command["params"]["uuid"]
        return command["params"]["config"]


@asynccontextmanager
async def access_point(port: int, serial: str, context: ssl.SSLContext):
    async with connect(
        f"wss://localhost:{port}/",
        ssl=context,
        subprotocols=[SUBPROTOCOL],
        compression=None,
        open_timeout=10,
        ping_interval=None,
        close_timeout=1,
    ) as websocket:
        yield FakeAccessPoint(websocket, serial)
