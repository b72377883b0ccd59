"""Adding, changing and removing NAS clients. RADIUS hears of each through `NasChanged`."""

import secrets as random_secrets
from dataclasses import asdict
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
    NasChanges,
    NasView,
    NewNas,
    check_manners,
    check_network,
    check_new,
    check_secret,
)
from controller.sites import service as sites

_GENERATED_OCTETS = 24


async def list_all(tx: Tx) -> list[NasView]:
    """Return every NAS, by identifier."""
    return [_view(nas) for nas in await repository.list_all(tx)]


async def add(tx: Tx, secrets: SecretStore, new: NewNas) -> AddedNas:
    """Add a NAS; the secret is sealed before it is stored and returned this once.

    Raises:
        InvalidInputError: something given is wrong.
        NotFoundError: there is no such site.
        ConflictError: the identifier or the network is taken.
    """
    cidr = check_new(new)
    if await repository.find(tx, new.id) is not None:
        raise ConflictError(f"there is a NAS {new.id!r} already", hint="`kolco radius nas list` shows them")
    if new.site_id is not None:
        await sites.get(tx, new.site_id)
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


async def change(tx: Tx, nas_id: str, changes: NasChanges) -> NasView:
    """Change what is said of a NAS; its secret stays.

    Raises:
        NotFoundError: there is none of that identifier, or no such site.
        InvalidInputError: something given is wrong, or nothing is given.
        ConflictError: the network is another's.
    """
    nas = await _get(tx, nas_id)
    given = {name: value for name, value in asdict(changes).items() if value is not None}
    if not given:
        raise InvalidInputError("nothing is to be changed", hint="say what, such as --vendor cisco")
    check_manners(changes.vendor or nas.vendor, changes.cui or nas.cui)
    if changes.cidr is not None:
        given["cidr"] = cidr = check_network(changes.cidr)
        taken = await repository.find_by_cidr(tx, cidr)
        if taken is not None and taken.id != nas_id:
            raise ConflictError(f"{cidr} belongs to the NAS {taken.id!r} already")
    if changes.site_id is not None:
        await sites.get(tx, changes.site_id)
    for name, value in given.items():
        setattr(nas, name, value)
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
