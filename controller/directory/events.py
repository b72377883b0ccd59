"""What changed about who may use the network; RADIUS keeps its index of accounts in step by these.

An event names what changed, not how: whoever hears it reads the rows again.
"""

from dataclasses import dataclass

from controller.core.bus import event


@event("directory.credential_changed")
@dataclass(frozen=True)
class CredentialChanged:
    """A device credential was issued, revoked or deleted."""

    username: str


@event("directory.network_key_changed")
@dataclass(frozen=True)
class NetworkKeyChanged:
    """A network key was issued or revoked."""

    username: str


@event("directory.device_changed")
@dataclass(frozen=True)
class DeviceChanged:
    """A device was remembered, forgotten, deleted, or passed to another account."""

    mac: str


@event("directory.account_changed")
@dataclass(frozen=True)
class AccountChanged:
    """An account was blocked, made active again, or got another plan."""

    account_id: str


@event("directory.plan_changed")
@dataclass(frozen=True)
class PlanChanged:
    """A plan was added or changed."""

    plan_id: str
