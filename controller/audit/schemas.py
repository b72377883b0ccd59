"""Audit entries as JSON."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class AuditOut(BaseModel):
    """One thing an operator did."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    at: datetime
    operator: str
    action: str
    object_type: str
    object_id: str
    detail: dict[str, Any]
