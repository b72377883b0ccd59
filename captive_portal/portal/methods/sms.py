"""Login by a code sent to a telephone number: who may have a code, and is this the code.

The code is bound to the device that asked for it, kept only as a keyed digest, and good for a few
minutes and tries. Nothing here depends on whether the number is known, so neither answer nor timing
tells. A cap answers alike whichever of number, device, block or spending it was. Sending itself and
the transaction belong to the caller (`service`).
"""

import hmac
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeGuard

from captive_portal.portal import repository
from captive_portal.portal.methods.phone import PhoneError, number_block, parse_phone
from captive_portal.portal.types import Challenge, Client, CodeCounts, Fault
from controller.core.db import Tx
from controller.core.ids import new_id
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import Login

CODE_DIGITS: Final = 6
_PURPOSE_PHONE: Final = "sms-challenge-phone"
_PURPOSE_CODE: Final = "sms-challenge-code"
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)

_LIMITED: Final = Fault("code-limited", "fault-limited")
_SPENT: Final = Fault("code-spent", "fault-code-spent")


@dataclass(frozen=True, slots=True)
class SmsLimits:
    """What a code may cost and how long it lives."""

    valid_s: int = 300
    tries: int = 5
    cooldown_s: int = 60
    per_number_day: int = 6
    per_device_day: int = 10
    per_prefix_hour: int = 500
    per_hour: int = 20_000
    wrong_per_device_hour: int = 15
    prefixes: Sequence[str] = ("+7",)


@dataclass(frozen=True, slots=True)
class Issued:
    """A code to be sent now."""

    challenge_id: str
    phone: str
    """E.164; for the sender only."""
    code: str


class SmsMethod:
    """Issues and checks codes. `make_code` returns six random digits; tests give their own."""

    def __init__(
        self,
        *,
        secrets: SecretStore,
        directory: Directory,
        limits: SmsLimits,
        make_code: Callable[[], str],
    ) -> None:
        self._secrets = secrets
        self._directory = directory
        self.limits = limits
        self._make_code = make_code

    async def issue(self, tx: Tx, client: Client, typed: str, *, now: datetime) -> Issued | Fault:
        """Make a code for the number a citizen typed, if it and the device may have one now."""
        try:
            phone = parse_phone(typed, allowed_prefixes=self.limits.prefixes)
        except PhoneError as error:
            return Fault(f"phone-{error.reason}", f"fault-phone-{error.reason}")
        await repository.lock_caps(tx)
        if (wait_s := self.cooldown_s(await self.latest(tx, client), now=now)) > 0:
            return Fault("cooldown", "fault-cooldown", (("seconds", wait_s),))
        digest = self._secrets.digest(_PURPOSE_PHONE, phone)
        if await self._is_capped(tx, client, digest, number_block(phone), now):
            return _LIMITED
        code = self._make_code()
        challenge_id = new_id()
        await repository.add_challenge(
            tx,
            challenge_id=challenge_id,
            phone_digest=digest,
            phone_sealed=self._secrets.seal(_PURPOSE_PHONE, phone),
            prefix=number_block(phone),
            code_digest=self._digest(challenge_id, client, code),
            client=client,
            now=now,
            valid_s=self.limits.valid_s,
        )
        return Issued(challenge_id, phone, code)

    async def check(self, tx: Tx, client: Client, typed: str, *, now: datetime) -> Login | Fault:
        """Check a typed code against the one under way for this device.

        Raises:
            DeniedError: the code is right but the account is blocked.
        """
        code = "".join(typed.split())
        if len(code) != CODE_DIGITS or not (code.isascii() and code.isdigit()):
            return Fault("code-format", "fault-code-format")
        pending = await self.latest(tx, client)
        if not self.is_pending(pending, now=now):
            return _SPENT
        tried = await repository.count_tries(tx, mac=client.mac, since=now - _HOUR)
        if tried >= self.limits.wrong_per_device_hour:
            return Fault("code-tries", "fault-tries")
        taken = await repository.take_try(tx, challenge_id=pending.id, now=now, max_tries=self.limits.tries)
        if taken is None:
            return _SPENT
        code_digest, phone_sealed = taken
        if not hmac.compare_digest(code_digest, self._digest(pending.id, client, code)):
            left = self.limits.tries - pending.tries - 1
            return Fault("code-wrong", "fault-code-wrong", (("left", left),)) if left > 0 else _SPENT
        await repository.mark_used(tx, challenge_id=pending.id, now=now)
        phone = self._secrets.unseal(_PURPOSE_PHONE, phone_sealed)
        return await self._directory.login_phone(tx, phone=phone, mac=client.mac, now=now)

    async def latest(self, tx: Tx, client: Client) -> Challenge | None:
        """Return the device's newest code, for `is_pending` and `cooldown_s`."""
        return await repository.find_latest(tx, mac=client.mac)

    def is_pending(self, challenge: Challenge | None, *, now: datetime) -> TypeGuard[Challenge]:
        """Tell whether a code can still be typed in, also after the device's browser was closed."""
        return (
            challenge is not None
            and not challenge.is_used
            and challenge.expires_at > now
            and challenge.tries < self.limits.tries
        )

    def cooldown_s(self, challenge: Challenge | None, *, now: datetime) -> int:
        """Return the seconds until the device may ask for another code, 0 if it may now.

        A code whose message was lost (it ended as it began) holds nobody up.
        """
        if challenge is None or challenge.expires_at <= challenge.created_at:
            return 0
        free_at = challenge.created_at + timedelta(seconds=self.limits.cooldown_s)
        return max(0, math.ceil((free_at - now).total_seconds()))

    async def _is_capped(self, tx: Tx, client: Client, digest: bytes, prefix: str, now: datetime) -> bool:
        limits = self.limits
        most = CodeCounts(
            limits.per_number_day, limits.per_device_day, limits.per_prefix_hour, limits.per_hour
        )
        counted = await repository.count_codes(
            tx,
            phone_digest=digest,
            mac=client.mac,
            prefix=prefix,
            day=now - _DAY,
            hour=now - _HOUR,
            most=most,
        )
        return (
            counted.of_number >= most.of_number
            or counted.of_device >= most.of_device
            or counted.of_block >= most.of_block
            or counted.of_all >= most.of_all
        )

    def _digest(self, challenge_id: str, client: Client, code: str) -> bytes:
        return self._secrets.digest(_PURPOSE_CODE, f"{challenge_id}/{client.mac}/{code}")
