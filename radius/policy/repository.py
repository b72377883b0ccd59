"""All SQL of the policy: its revisions, the names its rules may speak of, and identities that were reset."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from controller.core.db import Tx, upsert
from controller.models import Account, CuiReset, Nas, Plan, PolicyRevision, Site, Zone


@dataclass(frozen=True, slots=True)
class Revision:
    """The policy as it stood from a moment on."""

    id: int
    text: str
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class InForce:
    """What is judged by: the newest revision, if there is one, and how often accounts changed identity."""

    newest: Revision | None
    cui_resets: dict[str, int]


@dataclass(frozen=True, slots=True)
class Names:
    """What rules may speak of, by identifiers."""

    zones: frozenset[str]
    sites: frozenset[str]
    nases: frozenset[str]
    plans: frozenset[str]


async def find_newest(tx: Tx) -> Revision | None:
    """Return the revision in force, or None if there never was a policy."""
    row = await tx.scalar(sa.select(PolicyRevision).order_by(PolicyRevision.id.desc()).limit(1))
    return None if row is None else _view(row)


async def find(tx: Tx, revision: int) -> Revision | None:
    """Return a revision by its number, or None."""
    row = await tx.get(PolicyRevision, revision)
    return None if row is None else _view(row)


async def list_newest(tx: Tx, limit: int) -> Sequence[Revision]:
    """Return revisions, the newest first."""
    rows = await tx.scalars(sa.select(PolicyRevision).order_by(PolicyRevision.id.desc()).limit(limit))
    return [_view(row) for row in rows]


async def add(tx: Tx, revision: Revision) -> None:
    """Store a revision; two at once clash on its number."""
    tx.add(
        PolicyRevision(id=revision.id, text=revision.text, made_at=revision.made_at, made_by=revision.made_by)
    )
    await tx.flush()


async def list_names(tx: Tx) -> Names:
    """Return what rules may speak of."""
    return Names(
        zones=frozenset(await tx.scalars(sa.select(Zone.id))),
        sites=frozenset(await tx.scalars(sa.select(Site.id))),
        nases=frozenset(await tx.scalars(sa.select(Nas.id))),
        plans=frozenset(await tx.scalars(sa.select(Plan.id))),
    )


async def list_cui_resets(tx: Tx) -> dict[str, int]:
    """Return how often accounts have changed their identity, those that have."""
    rows = await tx.execute(sa.select(CuiReset.account_id, CuiReset.generation))
    return {row.account_id: row.generation for row in rows}


async def reset_cui(tx: Tx, account_id: str, now: datetime) -> bool:
    """Give an account another identity; False if there is no such account."""
    if await tx.get(Account, account_id) is None:
        return False
    before = await tx.get(CuiReset, account_id)
    row = {
        "account_id": account_id,
        "generation": 1 if before is None else before.generation + 1,
        "reset_at": now,
    }
    await upsert(tx, CuiReset, [row], keys=["account_id"], update=["generation", "reset_at"])
    return True


def _view(row: PolicyRevision) -> Revision:
    return Revision(row.id, row.text, row.made_at, row.made_by)
