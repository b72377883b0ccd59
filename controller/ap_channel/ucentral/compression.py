"""``compress_64``: params packed as base64 of zlib of JSON, both ways, with a bounded inflate.

``compress_sz`` is what the peer says of the inflated size. It is never used to allocate and never
trusted: the inflater stops at its own limit (uCentral PROTOCOL.md, "Compression").
"""

from __future__ import annotations

import base64
import binascii
import zlib

from controller.ap_channel.ucentral.errors import Reason, RemoteProtocolError

MAX_INFLATED = 2 * 1024 * 1024
"""Bytes. Four times the largest websocket message: a state of a full stadium AP inflates to 0.5 MB."""


def inflate(compress_64: str, *, limit: int = MAX_INFLATED) -> bytes:
    """Unpack a ``compress_64`` text into at most ``limit`` bytes of JSON.

    Raises RemoteProtocolError: ``bad-compression`` for wrong base64, wrong or truncated zlib or
    bytes after its end; ``inflated-too-big`` past ``limit``.
    """
    try:
        packed = base64.b64decode(compress_64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RemoteProtocolError(Reason.BAD_COMPRESSION, "not base64") from error
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, limit + 1)
    except zlib.error as error:
        raise RemoteProtocolError(Reason.BAD_COMPRESSION, "not zlib") from error
    if len(data) > limit:
        raise RemoteProtocolError(Reason.INFLATED_TOO_BIG, f"more than {limit} bytes")
    if not inflater.eof:
        raise RemoteProtocolError(Reason.BAD_COMPRESSION, "truncated")
    if inflater.unused_data:
        raise RemoteProtocolError(Reason.BAD_COMPRESSION, "bytes after the end")
    return data


def deflate(data: bytes) -> dict[str, str | int]:
    """Pack JSON bytes into the two members that replace ``params``."""
    packed = base64.b64encode(zlib.compress(data, 9)).decode("ascii")
    return {"compress_64": packed, "compress_sz": len(data)}
