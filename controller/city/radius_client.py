"""FreeRADIUS' ``radclient`` as the access point of the city that asks RADIUS. It judges no answer."""

from dataclasses import dataclass
from pathlib import Path

from controller.city.ports import LOOPBACK
from controller.city.process import run
from controller.core.errors import UnavailableError
from controller.core.mac import Mac


@dataclass(frozen=True, slots=True)
class MabQuestion:
    """A device at an access point, asked for by its MAC address."""

    mac: Mac
    called_station: str
    """MAC of the BSS and the SSID, joined by a colon (RFC 3580 section 3.20)."""

    def attributes(self) -> str:
        """The request as radclient reads it, Message-Authenticator included."""
        octets = self.mac.replace(":", "-").upper()
        lines = {
            "User-Name": f'"{self.mac.replace(":", "")}"',
            "User-Password": f'"{self.mac.replace(":", "")}"',
            "Service-Type": "Call-Check",
            "Calling-Station-Id": f'"{octets}"',
            "Called-Station-Id": f'"{self.called_station}"',
            "NAS-IP-Address": LOOPBACK,
            "NAS-Port-Type": "Wireless-802.11",
            "Message-Authenticator": "0x00",
        }
        return "".join(f"{name} = {value}\n" for name, value in lines.items())


async def ask(question: MabQuestion, *, port: int, secret_file: Path) -> str:
    """Ask once and return what radclient prints; the secret is in a file, not on the command line.

    Raises :class:`UnavailableError` when there is no answer. A reject is an answer.
    """
    argv = ["radclient", "-x", "-r", "3", "-t", "2", "-S", str(secret_file), f"{LOOPBACK}:{port}", "auth"]
    ended = await run(argv, stdin=question.attributes().encode())
    if "Received Access-" not in ended.text:
        told = (ended.stderr.decode(errors="replace") or ended.text).strip()[-400:]
        raise UnavailableError(f"RADIUS gives no answer: {told}")
    return ended.text
