"""Under which keys things stand in the account index. A pure module.

They are keyed digests, so the file names neither a person's device nor a user name.
"""

from hashlib import blake2b
from typing import Final

KEY_LENGTH: Final = 16


class Keys:
    """Makes keys, each in under a microsecond.

    Args:
        secret: 16 to 64 octets; with another secret the same names have other keys.
    """

    def __init__(self, secret: bytes) -> None:
        self.secret: Final = secret
        self._username = blake2b(key=secret, digest_size=KEY_LENGTH, person=b"username")
        self._account = blake2b(key=secret, digest_size=KEY_LENGTH, person=b"account")
        self._station = blake2b(key=secret, digest_size=KEY_LENGTH, person=b"station")
        self.check = blake2b(key=secret, digest_size=KEY_LENGTH, person=b"check").digest()

    def username(self, username: str) -> bytes:
        """Return the key of a credential."""
        state = self._username.copy()
        state.update(username.encode())
        return state.digest()

    def account(self, account_id: str) -> bytes:
        """Return the key of an account."""
        state = self._account.copy()
        state.update(account_id.encode())
        return state.digest()

    def station(self, mac: str) -> bytes:
        """Return the key of a device, and of its open session, by its canonical MAC."""
        state = self._station.copy()
        state.update(mac.encode())
        return state.digest()
