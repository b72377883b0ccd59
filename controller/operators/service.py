"""Who may use the API: checks tokens, names operators, and gives each a token once.

Tokens are stored only as keyed digests: a lost one is replaced, never shown again. Does not decide
what a role may do; the endpoints name the role they need.
"""

import re
from datetime import datetime

from controller.audit import service as audit
from controller.core.db import Tx
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError
from controller.core.ids import new_id
from controller.core.secrets import SecretStore
from controller.operators import repository
from controller.operators.errors import UnauthenticatedError
from controller.operators.local_token import new_token
from controller.operators.types import Actor, OperatorView, Role

LOCAL_OPERATOR = "local"
"""Name of the operator on the controller's own machine."""

_DIGEST_PURPOSE = "operator-token"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


async def authenticate(tx: Tx, secrets: SecretStore, token: str) -> Actor:
    """Return whose token it is, or raise UnauthenticatedError."""
    operator = await repository.find_by_digest(tx, secrets.digest(_DIGEST_PURPOSE, token))
    if operator is None or operator.disabled_at is not None:
        raise UnauthenticatedError(
            "the token is not valid", hint="ask an admin for a new one: kolco operator token NAME"
        )
    return Actor(operator.id, operator.name, operator.role)


async def ensure_local(tx: Tx, secrets: SecretStore, token: str, now: datetime) -> None:
    """Make the local operator, an admin with this token; its token is replaced if it is another."""
    digest = secrets.digest(_DIGEST_PURPOSE, token)
    operator = await repository.find_by_name(tx, LOCAL_OPERATOR)
    if operator is None:
        await repository.add(tx, OperatorView(new_id(), LOCAL_OPERATOR, "admin", now, None), digest)
    elif await repository.find_by_digest(tx, digest) is None:
        await repository.set_digest(tx, operator.id, digest)


async def create(
    tx: Tx, secrets: SecretStore, *, name: str, role: Role, actor: Actor, now: datetime
) -> tuple[OperatorView, str]:
    """Name a new operator; returns it and its token, which nobody can read later.

    Raises:
        InvalidInputError: the name is not one.
        ConflictError: there is an operator of that name.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"{name!r} is not a name for an operator", hint="use a-z, 0-9, dots, dashes and underscores"
        )
    if await repository.find_by_name(tx, name) is not None:
        raise ConflictError(f"there is an operator {name} already")
    operator = OperatorView(new_id(), name, role, now, None)
    token = new_token()
    await repository.add(tx, operator, secrets.digest(_DIGEST_PURPOSE, token))
    audit.record(
        tx,
        operator=actor.name,
        action="created",
        object_type="operator",
        object_id=name,
        now=now,
        role=role,
    )
    return operator, token


async def replace_token(
    tx: Tx, secrets: SecretStore, *, name: str, actor: Actor, now: datetime
) -> tuple[OperatorView, str]:
    """Give an operator a new token; the old one stops working. NotFoundError without such a one."""
    operator = await get(tx, name)
    if name == LOCAL_OPERATOR:
        raise ConflictError(
            "the local operator's token is in a file",
            hint="delete operator.token in the data directory and restart the controller",
        )
    token = new_token()
    await repository.set_digest(tx, operator.id, secrets.digest(_DIGEST_PURPOSE, token))
    audit.record(
        tx, operator=actor.name, action="token-replaced", object_type="operator", object_id=name, now=now
    )
    return operator, token


async def disable(tx: Tx, *, name: str, actor: Actor, now: datetime) -> OperatorView:
    """Disable an operator; doing it again changes nothing.

    Raises:
        NotFoundError: there is no such operator.
        ConflictError: it is the asker, or the local operator.
    """
    operator = await get(tx, name)
    if operator.id == actor.id or name == LOCAL_OPERATOR:
        raise ConflictError(f"{name} cannot be disabled", hint="nobody locks out themselves or this machine")
    if operator.disabled_at is None:
        await repository.set_disabled(tx, operator.id, now)
        audit.record(
            tx, operator=actor.name, action="disabled", object_type="operator", object_id=name, now=now
        )
    return await get(tx, name)


async def get(tx: Tx, name: str) -> OperatorView:
    """Return an operator or raise NotFoundError."""
    operator = await repository.find_by_name(tx, name)
    if operator is None:
        raise NotFoundError(f"there is no operator {name}", hint="kolco operator list")
    return operator


async def list_operators(tx: Tx) -> list[OperatorView]:
    """Return every operator, by name."""
    return await repository.list_all(tx)
