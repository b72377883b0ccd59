"""What changed about the policy; every process that answers reads it again."""

from dataclasses import dataclass

from controller.core.bus import event


@event("radius.policy_changed")
@dataclass(frozen=True)
class PolicyChanged:
    """Another revision of the policy is in force."""

    revision: int


@event("radius.cui_reset")
@dataclass(frozen=True)
class CuiWasReset:
    """An account has another Chargeable-User-Identity from now on."""

    account_id: str
