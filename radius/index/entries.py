"""What stands in the account index; under which keys, `keys` says. A pure module.

Passwords stand as the database has them: a digest, and the password sealed. Only what lets in stands
there: a credential that was revoked, a device that was forgotten, anything of a blocked account is left
out. What time undoes is looked at with each look-up.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from controller.directory.types import PlanView

SCHEMA: Final = 2
"""Number of the form of what is stored; an index of another form is made anew."""

CREDENTIALS: Final = b"credentials"
DEVICES: Final = b"devices"
SESSIONS: Final = b"sessions"
ACCOUNTS: Final = b"accounts"
TABLES: Final = (CREDENTIALS, DEVICES, SESSIONS, ACCOUNTS)
SETTLED: Final = b"settled"
"""The table of what is read whole: the state of the index, plans and places."""


class CredentialEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device credential that was not revoked, of an active account.

    Attributes:
        digest: the keyed digest of its password.
        sealed: the password sealed, for challenge methods; None: it is good for PAP only.
        expires_at: Unix seconds.
        account_id: whose it is.
        device_id: which device's it is.
        station: the key of that device's MAC.
        plan_id: the account's plan.
    """

    digest: bytes
    sealed: bytes | None
    expires_at: float
    account_id: str
    device_id: str
    station: bytes
    plan_id: str


class DeviceEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device that is let in with no page until `remembered_until` (Unix seconds)."""

    remembered_until: float
    account_id: str
    device_id: str
    plan_id: str


class SessionEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device's open session; `expires_at` in Unix seconds."""

    id: str
    account_id: str
    expires_at: float


class AccountEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who of an account is online; only where the plan refuses one device too many (`REFUSE`).

    Attributes:
        online: of each open session the key of its device's MAC, and when it is over, in Unix seconds.
    """

    online: list[tuple[bytes, float]]


class PlaceEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where an access point stands; None: outside of every zone."""

    serial: str
    site_id: str
    zone_id: str | None


class State(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far the index can be believed.

    Attributes:
        schema: `SCHEMA` of who made it.
        key_check: tells whether the keys were made with the secret at hand.
        hits: whether what stands in it may be acted on with no look into the database.
        misses: whether what does not stand in it does not exist.
        completed_at: when it was last compared with all of the database, Unix seconds; 0: never.
        synced_at: up to when all changes are in it, Unix seconds; 0: never.
        settled: changes when plans or places do.
    """

    schema: int = SCHEMA
    key_check: bytes = b""
    hits: bool = False
    misses: bool = False
    completed_at: float = 0.0
    synced_at: float = 0.0
    settled: int = 0


class Settled(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is small and read whole: plans, and places by the MACs and BSSIDs of access points."""

    plans: list[PlanView] = []
    places: dict[str, PlaceEntry] = {}


REFUSE: Final = "refuse"
"""The `when_full` of such plans."""
NOTHING_KNOWN: Final = State()
STATE_KEY: Final = b"state"
SETTLED_KEY: Final = b"settled"

encode: Final[Callable[[msgspec.Struct], bytes]] = msgspec.msgpack.Encoder().encode
decode_credential: Final = msgspec.msgpack.Decoder(CredentialEntry).decode
decode_device: Final = msgspec.msgpack.Decoder(DeviceEntry).decode
decode_session: Final = msgspec.msgpack.Decoder(SessionEntry).decode
decode_account: Final = msgspec.msgpack.Decoder(AccountEntry).decode
decode_state: Final = msgspec.msgpack.Decoder(State).decode
decode_settled: Final = msgspec.msgpack.Decoder(Settled).decode
