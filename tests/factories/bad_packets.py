"""RADIUS packets that went wrong in every way: cut, grown, flipped, looping, lying about lengths, or honestly
signed and full of nonsense. The same seed gives the same packets."""

import random
from collections.abc import Iterator

from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_request
from radius.protocol.password import hide_password

_AUTH_CODES = (Code.ACCESS_REQUEST, Code.STATUS_SERVER)
_STATUS_TYPES = (1, 2, 3, 7, 8, 9, 0xFFFFFFFF)
_KINDS = (1, 2, 3, 4, 6, 8, 12, 24, 25, 26, 30, 31, 32, 33, 40, 42, 44, 46, 52, 55, 60, 79, 80, 126, 241, 255)


class BadPackets:
    """Makes packets for the authentication and the accounting port.

    Args:
        seed: of the random numbers.
        secret: what some of them are signed with.
    """

    def __init__(self, seed: int, secret: bytes) -> None:
        self._random = random.Random(seed)
        self._secret = secret
        self._changes = (
            self._cut, self._grow, self._flip, self._lie, self._empty_attributes, self._noise, self._splice,
            self._repeat, self._overrun, self._signed_nonsense,
        )  # fmt: skip

    def make(self, count: int) -> Iterator[tuple[str, bytes]]:
        """Yield (access or accounting, datagram)."""
        for _ in range(count):
            port = self._random.choice(("access", "accounting"))
            yield port, self._random.choice(self._changes)(port)

    def good(self, port: str) -> bytes:
        """Return a packet as a NAS would send it, of a user nobody knows."""
        octets = self._random.randbytes
        authenticator = octets(16)
        attributes = [
            (1, b"nobody"),
            (31, b"02-00-00-00-00-02"),
            (30, b"00-10-A4-23-19-C0:City"),
            (32, b"ap"),
        ]
        if port == "accounting":
            status = self._random.choice(_STATUS_TYPES).to_bytes(4, "big")
            attributes += [(40, status), (44, octets(8).hex().encode()), (25, octets(67)), (42, octets(4))]
            code = self._random.choice((Code.ACCOUNTING_REQUEST, Code.STATUS_SERVER))
        else:
            code = self._random.choice(_AUTH_CODES)
            attributes += self._random.choice(
                [
                    [(2, hide_password(b"wrong", self._secret, authenticator))],
                    [(3, octets(17)), (60, octets(16))],
                    [(79, b"\2\1\0\6\1z")],
                    [(79, b"\2\1\0\6\x15\0"), (24, octets(16))],
                ]
            )
        identifier = self._random.randrange(256)
        return sign_request(code, identifier, attributes, self._secret, random_authenticator=authenticator)

    def _cut(self, port: str) -> bytes:
        data = self.good(port)
        return data[: self._random.randrange(len(data))]

    def _grow(self, port: str) -> bytes:
        """More octets, said in Length or not: padding behind a packet is no fault of it."""
        data = bytearray(self.good(port) + self._random.randbytes(self._random.choice((1, 2, 50, 4000))))
        if self._random.random() < 0.7:
            data[2:4] = min(len(data), 0xFFFF).to_bytes(2, "big")
        return bytes(data)

    def _flip(self, port: str) -> bytes:
        data = bytearray(self.good(port))
        for _ in range(self._random.choice((1, 1, 2, 8))):
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)
        return bytes(data)

    def _lie(self, port: str) -> bytes:
        """A Length, or an attribute's, that is not true."""
        data = bytearray(self.good(port))
        if self._random.random() < 0.5:
            data[2:4] = self._random.choice((0, 1, 19, 20, 21, 4096, 4097, 65535)).to_bytes(2, "big")
        else:
            data[21] = self._random.choice((0, 1, 2, 3, 17, 19, 254, 255))
        return bytes(data)

    def _empty_attributes(self, port: str) -> bytes:
        """What a careless parser walks for ever, or for very long."""
        size = self._random.choice((0, 1, 2))
        return self._frame(
            port, bytes((self._random.choice(_KINDS), size)) * self._random.choice((1, 201, 2038))
        )

    def _noise(self, _port: str) -> bytes:
        return self._random.randbytes(self._random.choice((0, 1, 19, 20, 21, 200, 4096, 9000)))

    def _splice(self, port: str) -> bytes:
        first, second = self.good("access"), self.good(port)
        return first[: self._random.randrange(20, len(first))] + second[self._random.randrange(len(second)) :]

    def _repeat(self, port: str) -> bytes:
        """The same attributes many times over, Message-Authenticator with them."""
        data = self.good(port)
        return self._frame(port, data[20:] * self._random.randrange(2, 30), data[4:20])

    def _overrun(self, port: str) -> bytes:
        """The last attribute goes on past the end."""
        data = bytearray(self.good(port))
        data += bytes((self._random.choice(_KINDS), self._random.randrange(3, 256)))
        data[2:4] = len(data).to_bytes(2, "big")
        return bytes(data)

    def _signed_nonsense(self, port: str) -> bytes:
        """Attributes nobody would send, from somebody who knows the secret."""
        octets = self._random.randbytes
        attributes = [
            (
                self._random.choice(_KINDS[:-1]),
                octets(self._random.choice((0, 1, 2, 4, 6, 16, 17, 18, 67, 253))),
            )
            for _ in range(self._random.randrange(12))
        ]
        attributes = [(kind, value) for kind, value in attributes if kind != 80]
        if self._random.random() < 0.3:
            vendor = octets(4) + bytes((1, self._random.randrange(256))) + octets(self._random.randrange(20))
            attributes.append((26, vendor))
        code = Code.ACCOUNTING_REQUEST if port == "accounting" else Code.ACCESS_REQUEST
        identifier = self._random.randrange(256)
        return sign_request(code, identifier, attributes, self._secret, random_authenticator=octets(16))

    def _frame(self, port: str, attributes: bytes, authenticator: bytes = bytes(16)) -> bytes:
        code = Code.ACCOUNTING_REQUEST if port == "accounting" else Code.ACCESS_REQUEST
        length = min(20 + len(attributes), 65535)
        head = bytes((code, self._random.randrange(256))) + length.to_bytes(2, "big") + authenticator
        return head + attributes
