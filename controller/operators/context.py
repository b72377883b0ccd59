"""What an endpoint gets: who asks, and the database, clock and secrets to answer with.

An endpoint names the role it needs in its signature (`ctx: Viewer`), so a route without a check
does not come about by forgetting. Does not check single objects.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from controller.core.db import Database, Tx
from controller.core.errors import InvalidInputError
from controller.core.runtime import Runtime
from controller.core.secrets import SecretStore
from controller.operators import service
from controller.operators.errors import RoleError, UnauthenticatedError
from controller.operators.types import Actor, Role

DryRun = Annotated[bool, Query(description="Check and answer as usual, but change nothing.")]

_bearer = HTTPBearer(auto_error=False, description="Token of an operator")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@dataclass(frozen=True)
class RequestContext:
    """One request of a known operator."""

    actor: Actor
    db: Database
    secrets: SecretStore
    now: datetime
    pki_dir: Path
    """Directory of the certificate authority."""

    @asynccontextmanager
    async def changing(self, *, dry_run: bool = False) -> AsyncIterator[Tx]:
        """Open a transaction that commits at the end; a dry run meets every check, then rolls back."""
        async with self.db.transaction() as tx:
            yield tx
            if dry_run:
                await tx.flush()
                await tx.rollback()


def _require(role: Role) -> Callable[[Request, _Credentials], Awaitable[RequestContext]]:
    async def context(request: Request, credentials: _Credentials) -> RequestContext:
        runtime: Runtime = request.app.state.runtime
        await _refuse_nul(request)
        if credentials is None:
            raise UnauthenticatedError("a token is needed", hint="send it as Authorization: Bearer TOKEN")
        async with runtime.db.reading() as tx:
            actor = await service.authenticate(tx, runtime.secrets, credentials.credentials)
        if not actor.may(role):
            raise RoleError(f"{actor.name} is a {actor.role}; this needs the role {role}")
        return RequestContext(
            actor, runtime.db, runtime.secrets, runtime.clock.now(), runtime.data_dir / "pki"
        )

    return context


async def _refuse_nul(request: Request) -> None:
    """Refuse U+0000, which PostgreSQL's text cannot hold, before it becomes somebody's error 500."""
    text = f"{request.url.path}?{unquote(request.url.query)}"
    # Whatever the body calls itself: FastAPI takes more for JSON than `application/json`.
    is_json = "text/" not in request.headers.get("content-type", "")
    if "\0" in text or (is_json and b"\\u0000" in await request.body()):
        raise InvalidInputError("the character U+0000 is not allowed anywhere")


Viewer = Annotated[RequestContext, Depends(_require("viewer"))]
Engineer = Annotated[RequestContext, Depends(_require("engineer"))]
Admin = Annotated[RequestContext, Depends(_require("admin"))]
