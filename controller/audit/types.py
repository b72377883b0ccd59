"""Shapes that the audit log hands out. No behaviour."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class AuditView:
    """One thing an operator did."""

    id: str
    at: datetime
    operator: str
    """Name of the operator."""
    action: str
    """Verb in the past tense, such as "adopted"."""
    object_type: str
    object_id: str
    detail: dict[str, Any]
    """What changed; never personal data."""
