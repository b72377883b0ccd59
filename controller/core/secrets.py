"""Secrets: generated on first use into the data directory (0600), never defaulted, never logged."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

try:  # the interpreter's own takes two thirds of the time of OpenSSL's for a few octets
    from _sha256 import sha256  # type: ignore[import-not-found]
except ImportError:  # an interpreter that was built without it, or is a later one
    from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from controller.core.errors import InvalidInputError

_SIZE = 32
_SHA256_BLOCK = 64
_NONCE_SIZE = 12
_MASTER = "master"


def write_private(path: Path, content: bytes) -> bool:
    """Write a new file of mode 0600, whole or not at all; False if it was there already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # fails if another process was first; never replaces
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


class SecretStore:
    """Named 32-byte secrets in a directory, and what is derived from them.

    Args:
        directory: holds one file a secret; created with mode 0700.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, bytes] = {}
        self._derived: dict[tuple[str, str], bytes] = {}

    def get(self, name: str) -> bytes:
        """Return the secret of that name, 32 bytes, generated if it is new.

        Raises:
            InvalidInputError: the file is there but damaged.
        """
        if name not in self._known:
            path = self._directory / f"{name}.key"
            if not path.exists():
                write_private(path, secrets.token_bytes(_SIZE))
            content = path.read_bytes()
            if len(content) != _SIZE:
                raise InvalidInputError(
                    f"the secret {path} is {len(content)} bytes, not {_SIZE}",
                    hint="restore it from a backup; without it sealed data cannot be read",
                )
            self._known[name] = content
        return self._known[name]

    def derive(self, name: str, context: str) -> bytes:
        """Return 32 bytes bound to the secret and the context (HKDF-SHA256, RFC 5869)."""
        key = (name, context)
        if key not in self._derived:
            self._derived[key] = HKDF(SHA256(), _SIZE, salt=None, info=context.encode()).derive(
                self.get(name)
            )
        return self._derived[key]

    def text(self, name: str) -> str:
        """Return the secret of that name as URL-safe text of 43 characters."""
        return base64.urlsafe_b64encode(self.get(name)).rstrip(b"=").decode()

    def digest(self, purpose: str, value: str) -> bytes:
        """Return the keyed digest (HMAC-SHA256) by which a value is found without being stored."""
        return hmac.digest(self.derive(_MASTER, f"digest/{purpose}"), value.encode(), hashlib.sha256)

    def digester(self, purpose: str) -> Callable[[bytes], bytes]:
        """Return what `digest` does as a function of octets, at a third of its cost: for a packet's budget.

        It keeps the two keyed states of HMAC (RFC 2104 §4) instead of keying anew each time.
        """
        block = self.derive(_MASTER, f"digest/{purpose}").ljust(_SHA256_BLOCK, b"\x00")
        inner = sha256(bytes(octet ^ 0x36 for octet in block))
        outer = sha256(bytes(octet ^ 0x5C for octet in block))

        def digest(value: bytes) -> bytes:
            inside, outside = inner.copy(), outer.copy()
            inside.update(value)
            outside.update(inside.digest())
            digested: bytes = outside.digest()
            return digested

        return digest

    def seal(self, purpose: str, value: str) -> bytes:
        """Return the value encrypted and authenticated (AES-256-GCM, random nonce)."""
        nonce = secrets.token_bytes(_NONCE_SIZE)
        return nonce + AESGCM(self.derive(_MASTER, f"seal/{purpose}")).encrypt(nonce, value.encode(), None)

    def unseal(self, purpose: str, sealed: bytes) -> str:
        """Return what was sealed.

        Raises:
            InvalidInputError: it was altered, or sealed with another key or purpose.
        """
        try:
            plain = AESGCM(self.derive(_MASTER, f"seal/{purpose}")).decrypt(
                sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], None
            )
        except (InvalidTag, ValueError) as error:
            raise InvalidInputError(
                f"cannot unseal a stored {purpose}",
                hint="the data directory's secrets and the database do not belong together",
            ) from error
        return plain.decode()
