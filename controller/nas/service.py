"""Adding, changing and removing NAS clients. RADIUS hears of each through `NasChanged`."""

import secrets as random_secrets
from datetime import datetime, timedelta

from controller.core import outbox
from controller.core.db import Tx
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError
from controller.core.secrets import SecretStore
from controller.models import Nas
from controller.nas import repository
from controller.nas.events import NasChanged
from controller.nas.types import (
    SECRET_PURPOSE,
    AddedNas,
    NasView,
    NewNas,
    check_manners,
    check_new,
    check_secret,
)

_GENERATED_OCTETS = 24


async def list_all(tx: Tx) -> list[NasView]:
    """Return every NAS, by identifier."""
    return [_view(nas) for nas in await repository.list_all(tx)]


async def add(tx: Tx, secrets: SecretStore, new: NewNas) -> AddedNas:
    """Add a NAS; the secret is sealed before it is stored and returned this once.

    Raises:
        InvalidInputError: something given is wrong.
        ConflictError: the identifier or the network is taken.
    """
    cidr = check_new(new)
    if await repository.find(tx, new.id) is not None:
        raise ConflictError(f"there is a NAS {new.id!r} already", hint="`kolco radius nas list` shows them")
    radsec_name = new.radsec_name.lower()
    for what, taken in (
        (cidr, await repository.find_by_cidr(tx, cidr)),
        (radsec_name, await repository.find_by_radsec_name(tx, radsec_name)),
    ):
        if taken is not None:
            raise ConflictError(f"{what} belongs to the NAS {taken.id!r} already")
    secret = new.secret or random_secrets.token_urlsafe(_GENERATED_OCTETS)
    nas = Nas(
        id=new.id,
        name=new.name,
        cidr=cidr or None,
        radsec_name=radsec_name or None,
        secret_sealed=secrets.seal(SECRET_PURPOSE, secret),
        require_message_authenticator=new.require_message_authenticator,
        enabled=True,
        site_id=new.site_id,
        vendor=new.vendor,
        cui=new.cui,
    )
    await repository.add(tx, nas)
    await outbox.add(tx, NasChanged(new.id))
    return AddedNas(_view(nas), secret)


async def set_enabled(tx: Tx, nas_id: str, *, enabled: bool) -> NasView:
    """Let a NAS ask, or not, and keep its entry.

    Raises:
        NotFoundError: there is none of that identifier.
    """
    nas = await _get(tx, nas_id)
    nas.enabled = enabled
    await outbox.add(tx, NasChanged(nas_id))
    return _view(nas)


async def set_manners(tx: Tx, nas_id: str, *, vendor: str | None = None, cui: str | None = None) -> NasView:
    """Change in whose attributes a NAS is answered, or when it gets a Chargeable-User-Identity.

    Raises:
        NotFoundError: there is none of that identifier.
        InvalidInputError: there is no such vendor or mode.
    """
    nas = await _get(tx, nas_id)
    check_manners(vendor or nas.vendor, cui or nas.cui)
    nas.vendor = vendor or nas.vendor
    nas.cui = cui or nas.cui
    await outbox.add(tx, NasChanged(nas_id))
    return _view(nas)


async def rotate(
    tx: Tx, secrets: SecretStore, nas_id: str, *, now: datetime, window: timedelta, secret: str = ""
) -> AddedNas:
    """Give a NAS a new secret; the old one stays good for a window, so no device is cut off.

    Raises:
        NotFoundError: there is none of that identifier.
        InvalidInputError: the secret is too short, or the window is negative.
    """
    check_secret(secret)
    if window < timedelta():
        raise InvalidInputError("the window cannot be negative", field="window")
    nas = await _get(tx, nas_id)
    nas.previous_secret_sealed = nas.secret_sealed
    nas.previous_until = now + window
    secret = secret or random_secrets.token_urlsafe(_GENERATED_OCTETS)
    nas.secret_sealed = secrets.seal(SECRET_PURPOSE, secret)
    await outbox.add(tx, NasChanged(nas_id))
    return AddedNas(_view(nas), secret)


async def remove(tx: Tx, nas_id: str) -> None:
    """Remove a NAS.

    Raises:
        NotFoundError: there is none of that identifier.
    """
    await repository.remove(tx, await _get(tx, nas_id))
    await outbox.add(tx, NasChanged(nas_id))


async def read_secret(tx: Tx, secrets: SecretStore, nas_id: str) -> bytes:
    """Return a NAS's shared secret, for tools that act as that NAS.

    Raises:
        NotFoundError: there is none of that identifier.
    """
    nas = await _get(tx, nas_id)
    return secrets.unseal(SECRET_PURPOSE, nas.secret_sealed).encode()


async def _get(tx: Tx, nas_id: str) -> Nas:
    nas = await repository.find(tx, nas_id)
    if nas is None:
        raise NotFoundError(f"there is no NAS {nas_id!r}", hint="`kolco radius nas list` shows them")
    return nas


def _view(nas: Nas) -> NasView:
    return NasView(
        id=nas.id,
        name=nas.name,
        cidr=nas.cidr or "",
        radsec_name=nas.radsec_name or "",
        require_message_authenticator=nas.require_message_authenticator,
        enabled=nas.enabled,
        site_id=nas.site_id,
        last_seen_at=_iso(nas.last_seen_at),
        signed_at=_iso(nas.signed_at),
        unsigned_at=_iso(nas.unsigned_at),
        vendor=nas.vendor,
        cui=nas.cui,
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
