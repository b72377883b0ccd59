"""The shapes of Prometheus rules: a recording rule, an alert, a group."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Alert", "Group", "Recording", "Severity"]

Severity = Literal["page", "ticket"]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded series, named `level:metric:operation`."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_mapping(self) -> dict[str, Any]:
        """The rule as Prometheus's rule file has it."""
        out: dict[str, Any] = {"record": self.record, "expr": self.expr}
        if self.labels:
            out["labels"] = dict(self.labels)
        return out


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert. `page` wakes somebody up, `ticket` waits for the morning.

    `summary` and `description` are Prometheus templates; `command` is what to run first.
    """

    alert: str
    expr: str
    hold: str
    severity: Severity
    summary: str
    description: str
    command: str
    keep_firing: str = ""

    def as_mapping(self) -> dict[str, Any]:
        """The rule as Prometheus's rule file has it."""
        out: dict[str, Any] = {"alert": self.alert, "expr": self.expr, "for": self.hold}
        if self.keep_firing:
            out["keep_firing_for"] = self.keep_firing
        out["labels"] = {"severity": self.severity}
        out["annotations"] = {
            "summary": self.summary,
            "description": self.description,
            "command": self.command,
        }
        return out


@dataclass(frozen=True, slots=True)
class Group:
    """Rules evaluated one after another at the same moment."""

    name: str
    rules: tuple[Recording | Alert, ...]

    def as_mapping(self) -> dict[str, Any]:
        """The group as Prometheus's rule file has it."""
        return {"name": self.name, "rules": [rule.as_mapping() for rule in self.rules]}
