"""Adding and removing home servers and realms. RADIUS hears of each through `RoutesChanged`."""

from collections.abc import Sequence

from controller.core import outbox
from controller.core.db import Tx
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError
from controller.core.secrets import SecretStore
from controller.models import RadiusHome, RadiusRealm
from controller.roaming import repository
from controller.roaming.events import RoutesChanged
from controller.roaming.types import (
    ACCT_PORT,
    AUTH_PORT,
    HOME_SECRET,
    RADSEC_PORT,
    HomeView,
    NewHome,
    RealmView,
    check_home,
    check_pattern,
)


async def list_homes(tx: Tx) -> list[HomeView]:
    """Return every home server, by identifier."""
    return [_home_view(home) for home in await repository.list_homes(tx)]


async def add_home(tx: Tx, secrets: SecretStore, new: NewHome) -> HomeView:
    """Add a home server; its secret is sealed before it is stored.

    Raises:
        InvalidInputError: something given is wrong.
        ConflictError: the identifier is taken.
    """
    check_home(new)
    if await repository.find_home(tx, new.id) is not None:
        raise ConflictError(f"there is a home server {new.id!r} already", hint="`kolco radius home list`")
    radsec = new.protocol == "radsec"
    auth_port = new.auth_port or (RADSEC_PORT if radsec else AUTH_PORT)
    home = RadiusHome(
        id=new.id,
        protocol=new.protocol,
        host=new.host,
        auth_port=auth_port,
        acct_port=auth_port if radsec else new.acct_port or ACCT_PORT,
        secret_sealed=None if radsec else secrets.seal(HOME_SECRET, new.secret),
        server_name=new.server_name.lower(),
        require_message_authenticator=new.require_message_authenticator,
        trusted=new.trusted,
        status_server=new.status_server,
        enabled=True,
    )
    await repository.add(tx, home)
    await outbox.add(tx, RoutesChanged(new.id))
    return _home_view(home)


async def remove_home(tx: Tx, home_id: str) -> None:
    """Remove a home server.

    Raises:
        NotFoundError: there is none of that identifier.
        ConflictError: a realm still names it.
    """
    home = await repository.find_home(tx, home_id)
    if home is None:
        raise _no_home(home_id)
    users = [realm.pattern for realm in await repository.list_realms(tx) if home_id in realm.homes]
    if users:
        raise ConflictError(
            f"{home_id} answers for {', '.join(users)}", hint="`kolco radius realm set` names others"
        )
    await repository.remove(tx, home)
    await outbox.add(tx, RoutesChanged(home_id))


async def list_realms(tx: Tx) -> list[RealmView]:
    """Return every realm, by pattern."""
    return [_realm_view(realm) for realm in await repository.list_realms(tx)]


async def set_realm(tx: Tx, pattern: str, homes: Sequence[str], *, balance: bool = False) -> RealmView:
    """Say who answers for a realm; what was said of it before is replaced.

    Raises:
        InvalidInputError: the pattern is none, or a home server is named twice.
        NotFoundError: there is no such home server.
    """
    pattern = check_pattern(pattern)
    if len(set(homes)) != len(homes):
        raise InvalidInputError("a home server is named twice", field="homes")
    for home_id in homes:
        if await repository.find_home(tx, home_id) is None:
            raise _no_home(home_id)
    realm = await repository.find_realm(tx, pattern)
    if realm is None:
        realm = RadiusRealm(pattern=pattern, homes=list(homes), balance=balance)
        await repository.add(tx, realm)
    else:
        realm.homes, realm.balance = list(homes), balance
    await outbox.add(tx, RoutesChanged(pattern))
    return _realm_view(realm)


async def remove_realm(tx: Tx, pattern: str) -> None:
    """Forget a realm.

    Raises:
        InvalidInputError: the pattern is none.
        NotFoundError: it is not known.
    """
    pattern = check_pattern(pattern)
    realm = await repository.find_realm(tx, pattern)
    if realm is None:
        raise NotFoundError(f"there is no realm {pattern!r}", hint="`kolco radius realm list` shows them")
    await repository.remove(tx, realm)
    await outbox.add(tx, RoutesChanged(pattern))


def _no_home(home_id: str) -> NotFoundError:
    return NotFoundError(f"there is no home server {home_id!r}", hint="`kolco radius home list` shows them")


def _home_view(home: RadiusHome) -> HomeView:
    return HomeView(
        id=home.id,
        protocol=home.protocol,
        host=home.host,
        auth_port=home.auth_port,
        acct_port=home.acct_port,
        server_name=home.server_name,
        require_message_authenticator=home.require_message_authenticator,
        trusted=home.trusted,
        status_server=home.status_server,
        enabled=home.enabled,
    )


def _realm_view(realm: RadiusRealm) -> RealmView:
    return RealmView(realm.pattern, tuple(realm.homes), realm.balance)
