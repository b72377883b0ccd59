"""An SMS centre for tests: an SMPP 3.4 server over TCP, its PDUs read and written by smpplib."""

import asyncio
import struct
from dataclasses import dataclass, field

import smpplib.client
import smpplib.smpp


@dataclass
class Centre:
    """Answers every request; `submit_statuses` are used up first, `is_silent` answers nothing."""

    port: int = 0
    bind_status: int = 0
    submit_statuses: list[int] = field(default_factory=list)
    is_silent: bool = False
    received: list = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.drop()
        await self._server.wait_closed()

    def drop(self) -> None:
        for writer in self.connections:
            writer.close()
        self.connections.clear()

    def send(self, command: str) -> None:
        """Send a request of the centre's own to every connection."""
        pdu = smpplib.smpp.make_pdu(command, client=smpplib.client.SimpleSequenceGenerator())
        for writer in self.connections:
            writer.write(pdu.generate())

    def commands(self) -> list[str]:
        return [pdu.command for pdu in self.received]

    def messages(self) -> list:
        return [pdu for pdu in self.received if pdu.command == "submit_sm"]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        generator = smpplib.client.SimpleSequenceGenerator()
        try:
            while True:
                head = await reader.readexactly(4)
                raw = head + await reader.readexactly(struct.unpack(">L", head)[0] - 4)
                pdu = smpplib.smpp.parse_pdu(raw, client=generator, allow_unknown_opt_params=True)
                self.received.append(pdu)
                if self.is_silent or pdu.is_response():
                    continue
                response = smpplib.smpp.make_pdu(f"{pdu.command}_resp", client=generator)
                response.sequence = pdu.sequence
                response.status = 0
                if pdu.command.startswith("bind"):
                    response.status = self.bind_status
                    response.system_id = "centre"
                elif pdu.command == "submit_sm":
                    response.status = self.submit_statuses.pop(0) if self.submit_statuses else 0
                    response.message_id = str(len(self.received))
                writer.write(response.generate())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
