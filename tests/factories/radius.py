"""RADIUS requests as the protocol hands them over."""

from radius.protocol.attributes import Code
from radius.protocol.connection import Client, RequestReceived
from radius.protocol.dictionary.definitions import load_dictionary
from radius.protocol.packet import Packet
from radius.protocol.password import hide_password

SECRET = b"a shared secret for tests"
AUTHENTICATOR = bytes(range(16))
CLIENT = Client("nas-1", (SECRET,))


def attributes(**values: str):
    """`User_Name="x"` and the like, as the dictionary writes them."""
    dictionary = load_dictionary()
    return tuple(dictionary.encode(name.replace("_", "-"), value) for name, value in values.items())


def request(
    code: int = Code.ACCESS_REQUEST,
    *,
    password: str | None = None,
    extra=(),
    client=CLIENT,
    received_at=0.0,
    **values: str,
):
    """A request with these attributes, and User-Password hidden if given."""
    hidden = () if password is None else ((2, hide_password(password.encode(), SECRET, AUTHENTICATOR)),)
    packet = Packet(code, 1, AUTHENTICATOR, (*attributes(**values), *hidden, *extra))
    return RequestReceived(packet, client, ("192.0.2.1", 40000), SECRET, received_at)
