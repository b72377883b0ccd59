"""Why somebody may not: no valid token, or a role that does not reach.

DeniedError (core)
├── UnauthenticatedError    the token is missing, unknown or disabled
└── RoleError               the operator is known, the role is too low
"""

from typing import ClassVar

from controller.core.errors import DeniedError


class UnauthenticatedError(DeniedError):
    """The token is missing, unknown or disabled; which of them is not told."""

    code: ClassVar[str] = "unauthenticated"


class RoleError(DeniedError):
    """The operator's role does not allow this."""

    code: ClassVar[str] = "role"
