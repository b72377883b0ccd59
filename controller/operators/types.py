"""Shapes that the operators feature takes and hands out, and the order of roles."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Role = Literal["viewer", "engineer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may: viewers read, engineers change, admins name operators."""


@dataclass(frozen=True)
class Actor:
    """Who is asking: an operator whose token was checked."""

    id: str
    name: str
    role: Role

    def may(self, needed: Role) -> bool:
        """Whether the actor's role includes the needed one."""
        return ROLES.index(self.role) >= ROLES.index(needed)


@dataclass(frozen=True)
class OperatorView:
    """One operator as stored; tokens are kept only as digests."""

    id: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None
