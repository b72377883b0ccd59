"""Login by a voucher from a service centre: for who has no number that can get a code.

Codes have 60 bits and more, so the limit per device is against noise, not against guessing. Wrong and
expired codes get one answer. Until it expires a voucher also lets in a second device of its bearer.
"""

from datetime import datetime
from typing import Final

from captive_portal.portal.limits import WindowLimiter
from captive_portal.portal.types import Client, Fault
from controller.core.db import Tx
from controller.core.errors import InvalidInputError
from controller.directory.service import Directory
from controller.directory.types import Login

MAX_CODE_CHARS: Final = 64
_HOUR_S: Final = 3600.0


class VoucherMethod:
    """Redeems vouchers."""

    def __init__(self, *, directory: Directory, wrong_per_device_hour: int) -> None:
        """Refuse a device after that many wrong codes within an hour."""
        self._directory = directory
        self._wrong = WindowLimiter(limit=wrong_per_device_hour, window_s=_HOUR_S)

    async def check(
        self, tx: Tx, client: Client, typed: str, *, now: datetime, monotonic: float
    ) -> Login | Fault:
        """Redeem a typed code for the device.

        Raises:
            DeniedError: the voucher's account is blocked.
        """
        if self._wrong.is_spent(client.mac, monotonic):
            return Fault("voucher-tries", "fault-voucher-tries")
        code = typed[:MAX_CODE_CHARS]
        try:
            return await self._directory.redeem_voucher(tx, code=code, mac=client.mac, now=now)
        except InvalidInputError:
            self._wrong.add(client.mac, monotonic)
            return Fault("voucher-wrong", "fault-voucher")
