"""Every table. Importing this package makes the metadata complete."""

from controller.core.db import Base
from controller.core.outbox import OutboxRow
from controller.models.directory import (
    Account,
    Device,
    DeviceCredential,
    Identity,
    Plan,
    SmsChallenge,
    Voucher,
)
from controller.models.fleet import AccessPoint, ApConfig, ApEvent, ApStatus
from controller.models.network import Gateway, Lease, Nas, Wlan, WlanSite
from controller.models.operators import AuditEntry, Operator
from controller.models.places import District, Site, Zone
from controller.models.policy import CuiReset, PolicyRevision, SpentAccount
from controller.models.psks import NetworkKey
from controller.models.radius import RadiusLeg
from controller.models.radius_journal import JournalPosition, RadiusDecision, SetAside
from controller.models.roaming import RadiusHome, RadiusRealm
from controller.models.sessions import AccountingRecord, GateLedger, NetSession

__all__ = [
    "AccessPoint",
    "Account",
    "AccountingRecord",
    "ApConfig",
    "ApEvent",
    "ApStatus",
    "AuditEntry",
    "Base",
    "CuiReset",
    "Device",
    "DeviceCredential",
    "District",
    "GateLedger",
    "Gateway",
    "Identity",
    "JournalPosition",
    "Lease",
    "Nas",
    "NetSession",
    "NetworkKey",
    "Operator",
    "OutboxRow",
    "Plan",
    "PolicyRevision",
    "RadiusDecision",
    "RadiusHome",
    "RadiusLeg",
    "RadiusRealm",
    "SetAside",
    "Site",
    "SmsChallenge",
    "SpentAccount",
    "Voucher",
    "Wlan",
    "WlanSite",
    "Zone",
]
