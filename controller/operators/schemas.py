"""Operators as JSON."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from controller.operators.types import Role


class OperatorIn(BaseModel):
    """A new operator."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=64)
    role: Role = "viewer"


class OperatorOut(BaseModel):
    """One operator."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


class TokenOut(OperatorOut):
    """An operator and the token just made for it."""

    token: str | None = Field(description="Shown this once; null in a dry run.")


class WhoAmI(BaseModel):
    """Who the API thinks is asking."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    role: Role
