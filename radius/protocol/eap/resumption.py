"""Whose TLS session it was: what lets a device that resumes one in without asking for its password again.

OpenSSL keeps the session, but cannot keep with it who proved themselves inside the tunnel. The secret of a
session names it: with TLS 1.2 a resumed session has the master secret it had, with TLS 1.3 it shows the
pre-shared key of the ticket (RFC 8446 §4.6.1) as soon as our first flight is made. Only digests are held.

What is remembered is a name to ask for, not a decision: the credential is looked at again at each login.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

MOST: Final = 40_000
"""OpenSSL keeps 20,480 sessions of a context, and with TLS 1.3 a login leaves two tickets."""


class Resumptions:
    """See the module.

    Args:
        most: sessions remembered at most; those used longest ago go first.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._usernames: OrderedDict[bytes, str] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of sessions remembered."""
        return len(self._usernames)

    def remember(self, names: Iterable[bytes], username: str) -> None:
        """Note who was let in; `names` are digests of the secrets under which the session may come back."""
        for name in names:
            self._usernames[name] = username
            self._usernames.move_to_end(name)
        while len(self._usernames) > self._most:
            self._usernames.popitem(last=False)

    def find(self, name: bytes | None) -> str | None:
        """Return who was let in by the session that is resumed; None: it is not known, ask as ever."""
        return None if name is None else self._usernames.get(name)

    def forget(self, name: bytes | None) -> None:
        """Forget a session whose device was refused."""
        if name is not None:
            self._usernames.pop(name, None)
