"""The directory: proves identities, remembers devices, issues credentials and vouchers.

Functions take the caller's transaction and never commit. Codes and passwords are told once and
stored as keyed digests: they are random, so a fast keyed digest is enough.
"""

import hmac
import secrets as random
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from controller.core import outbox
from controller.core.db import Tx, lock
from controller.core.errors import DeniedError, InvalidInputError, NotFoundError
from controller.core.ids import new_id
from controller.core.mac import Mac
from controller.core.secrets import SecretStore
from controller.directory import repository
from controller.directory.codes import check_e164, make_voucher_code, mask_phone, normalise_voucher_code
from controller.directory.events import AccountChanged, CredentialChanged, DeviceChanged, PlanChanged
from controller.directory.types import (
    AccountView,
    DeviceView,
    IssuedCredential,
    Known,
    Login,
    PlanView,
    Secret,
    StoredCredential,
    VoucherView,
)
from controller.models import Account, Device, DeviceCredential, Identity, Voucher

DEFAULT_PLAN = "city"
_PASSWORD_BYTES = 18
"""144 bits."""
_MOST_VOUCHERS = 10_000


class Directory:
    """Who may use the network.

    Args:
        secrets: keys of the digests and seals.
    """

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets
        self._digest: Callable[[bytes], bytes] | None = None

    # --- proving who somebody is -----------------------------------------------------------------

    async def login_phone(self, tx: Tx, *, phone: str, mac: Mac, now: datetime) -> Login:
        """Let in the account of a phone number that was just proved; new numbers get an account.

        Raises:
            InvalidInputError: not an E.164 number.
            DeniedError: the account is blocked.
        """
        return await self._login(
            tx, kind="phone", value=check_e164(phone), plan_id=DEFAULT_PLAN, mac=mac, now=now
        )

    async def login_portal(self, tx: Tx, *, subject: str, mac: Mac, now: datetime) -> Login:
        """Let in the account of the city portal's subject.

        Raises:
            DeniedError: the account is blocked.
        """
        return await self._login(tx, kind="portal", value=subject, plan_id=DEFAULT_PLAN, mac=mac, now=now)

    async def redeem_voucher(self, tx: Tx, *, code: str, mac: Mac, now: datetime) -> Login:
        """Let in the bearer of a voucher; the first use binds it to a new account.

        Until it expires the code works again, so that a guest can take a second device.

        Raises:
            InvalidInputError: unknown or expired, told alike.
        """
        typed = normalise_voucher_code(code)
        voucher = await repository.find_voucher(tx, self._secrets.digest("voucher", typed))
        if voucher is None or voucher.expires_at <= now:
            raise InvalidInputError(
                "this voucher is not valid",
                hint="check the code, or ask the desk for a new one",
                reason="voucher",
            )
        login = await self._login(
            tx,
            kind="voucher",
            value=typed,
            plan_id=voucher.plan_id,
            mac=mac,
            now=now,
            not_after=voucher.expires_at,
        )
        if voucher.redeemed_at is None:
            voucher.redeemed_at = now
            voucher.account_id = login.account_id
        return login

    async def _login(
        self,
        tx: Tx,
        *,
        kind: str,
        value: str,
        plan_id: str,
        mac: Mac,
        now: datetime,
        not_after: datetime | None = None,
    ) -> Login:
        digest = self._secrets.digest(kind, value)
        for key in (mac.encode(), digest):  # two devices may prove the same new number at once
            await lock(tx, key)
        account = await repository.find_account(tx, kind, digest)
        if account is None:
            account = Account(id=new_id(), status="active", plan_id=plan_id, locale="ru", created_at=now)
            tx.add(account)
            await tx.flush()
            tx.add(
                Identity(
                    id=new_id(),
                    account_id=account.id,
                    kind=kind,
                    digest=digest,
                    sealed=self._secrets.seal(kind, value),
                    created_at=now,
                )
            )
        elif account.status != "active":
            raise DeniedError("this account is blocked", hint="ask the service centre", reason="blocked")
        plan = await self.get_plan(tx, account.plan_id)
        device = await repository.find_device(tx, mac)
        if device is None:
            device = Device(id=new_id(), mac=mac, created_at=now)
            tx.add(device)
        elif device.account_id != account.id:
            # The address passes to somebody else: what was issued to the former owner must not.
            for username in await repository.revoke_credentials(tx, device.id, now):
                await outbox.add(tx, CredentialChanged(username))
        device.account_id = account.id
        device.last_login_at = now
        device.remembered_until = now + timedelta(seconds=plan.remember_s)
        if not_after is not None:
            device.remembered_until = min(device.remembered_until, not_after)
        await tx.flush()
        await outbox.add(tx, DeviceChanged(mac))
        return Login(account.id, device.id, plan, not_after)

    # --- devices that are known already ----------------------------------------------------------

    async def find_known_device(self, tx: Tx, *, mac: Mac, now: datetime) -> Known | None:
        """Return the device if it is remembered and its account active."""
        known = await repository.find_known(tx, mac=mac)
        if known is None or known.remembered_until is None or known.remembered_until <= now:
            return None
        return known

    async def find_device(self, tx: Tx, *, device_id: str) -> Known | None:
        """Return a device of an active account, remembered or not."""
        return await repository.find_known(tx, device_id=device_id)

    async def remember(self, tx: Tx, *, device_id: str, until: datetime) -> None:
        """Let the device in with no page until then."""
        for mac in await repository.set_remembered(tx, until=until, device_id=device_id):
            await outbox.add(tx, DeviceChanged(mac))

    async def forget(self, tx: Tx, mac: Mac) -> None:
        """Have the device log in again."""
        for changed in await repository.set_remembered(tx, until=None, mac=mac):
            await outbox.add(tx, DeviceChanged(changed))

    # --- credentials for RADIUS ------------------------------------------------------------------

    async def issue_credential(
        self, tx: Tx, *, device_id: str, now: datetime, valid_s: int
    ) -> IssuedCredential:
        """Issue a random user name and password for one device; the password cannot be read again."""
        username = f"d-{new_id().lower()}"
        password = random.token_urlsafe(_PASSWORD_BYTES)
        expires_at = now + timedelta(seconds=valid_s)
        tx.add(
            DeviceCredential(
                id=new_id(),
                device_id=device_id,
                username=username,
                secret_digest=self._secrets.digest("credential", password),
                sealed=self._secrets.seal("credential", password),
                created_at=now,
                expires_at=expires_at,
            )
        )
        await tx.flush()
        await outbox.add(tx, CredentialChanged(username))
        return IssuedCredential(username, password, expires_at)

    async def check_credential(self, tx: Tx, *, username: str, password: str, now: datetime) -> Known | None:
        """Return whose credential it is; None if unknown, expired, revoked, blocked or wrong."""
        found = await repository.find_credential(tx, username, now)
        offered = self._secrets.digest("credential", password)
        if found is None or not hmac.compare_digest(found[0], offered):
            return None
        return found[1]

    # --- many at a time, for RADIUS --------------------------------------------------------------

    async def find_known_devices(self, tx: Tx, *, macs: Collection[Mac], now: datetime) -> dict[Mac, Known]:
        """Return those of the devices that are remembered and whose account is active."""
        found = await repository.find_known_many(tx, macs)
        return {
            mac: known
            for mac, known in found.items()
            if known.remembered_until is not None and known.remembered_until > now
        }

    async def find_credentials(
        self, tx: Tx, *, usernames: Collection[str], now: datetime
    ) -> dict[str, StoredCredential]:
        """Return the valid ones of these credentials; the passwords are still to be compared."""
        return await repository.find_credentials(tx, usernames, now)

    def is_password_of(self, credential: Secret, password: str) -> bool:
        """Tell whether the password is the credential's, in constant time."""
        if self._digest is None:
            self._digest = self._secrets.digester("credential")
        return hmac.compare_digest(credential.digest, self._digest(password.encode()))

    def reveal_password(self, credential: Secret) -> str | None:
        """Return the password, for challenge methods such as CHAP; None if it was issued for PAP only."""
        return None if credential.sealed is None else self._secrets.unseal("credential", credential.sealed)

    # --- plans and vouchers ----------------------------------------------------------------------

    async def get_plan(self, tx: Tx, plan_id: str) -> PlanView:
        """Return a plan.

        Raises:
            NotFoundError: there is none of that id.
        """
        plan = await repository.find_plan(tx, plan_id)
        if plan is None:
            known = ", ".join(plan.id for plan in await repository.list_plans(tx)) or "none"
            raise NotFoundError(f"there is no plan {plan_id!r}", hint=f"plans: {known}", plan=plan_id)
        return plan

    async def list_plans(self, tx: Tx) -> list[PlanView]:
        """Return every plan."""
        return await repository.list_plans(tx)

    async def save_plan(self, tx: Tx, plan: PlanView) -> None:
        """Insert or replace a plan."""
        await repository.save_plan(tx, plan)
        await outbox.add(tx, PlanChanged(plan.id))

    async def create_vouchers(
        self, tx: Tx, *, plan_id: str, count: int, valid_s: int, batch: str, now: datetime
    ) -> list[str]:
        """Create vouchers and return their codes, which cannot be read again.

        Raises:
            InvalidInputError: the count or the validity is out of range.
            NotFoundError: there is no such plan.
        """
        if not 1 <= count <= _MOST_VOUCHERS:
            raise InvalidInputError(f"count must be 1 to {_MOST_VOUCHERS}", field="count")
        if valid_s <= 0:
            raise InvalidInputError("a voucher must be valid for some time", field="valid")
        await self.get_plan(tx, plan_id)
        codes = [make_voucher_code(random.choice) for _ in range(count)]
        tx.add_all(
            Voucher(
                id=new_id(),
                digest=self._secrets.digest("voucher", normalise_voucher_code(code)),
                plan_id=plan_id,
                batch=batch,
                created_at=now,
                expires_at=now + timedelta(seconds=valid_s),
            )
            for code in codes
        )
        await tx.flush()
        return codes

    async def list_vouchers(
        self, tx: Tx, *, batch: str | None = None, after: str = "", limit: int = 100
    ) -> list[VoucherView]:
        """Return vouchers by id, a page after `after`."""
        return await repository.list_vouchers(tx, batch=batch, after=after, limit=limit)

    # --- what operators see ----------------------------------------------------------------------

    async def list_accounts(
        self, tx: Tx, *, phone: str | None = None, after: str = "", limit: int = 100
    ) -> list[AccountView]:
        """Return accounts by id with masked identities; `phone` finds the one of a number."""
        digest = None if phone is None else self._secrets.digest("phone", check_e164(phone))
        rows = await repository.list_accounts(tx, after=after, limit=limit, digest=digest)
        masked: dict[str, list[str]] = {}
        for identity in await repository.list_identities(tx, [account.id for account, _ in rows]):
            masked.setdefault(identity.account_id, []).append(self._mask(identity))
        return [
            repository.view_account(account, tuple(masked.get(account.id, ())), devices)
            for account, devices in rows
        ]

    async def get_account(self, tx: Tx, account_id: str) -> tuple[AccountView, list[DeviceView]]:
        """Return an account with masked identities, and its devices.

        Raises:
            NotFoundError: there is no such account.
        """
        account = await repository.get_account(tx, account_id)
        if account is None:
            raise NotFoundError(f"there is no account {account_id}", hint="`kolco account list` shows them")
        devices = await repository.list_devices(tx, account_id)
        identities = await repository.list_identities(tx, [account_id])
        masked = tuple(self._mask(identity) for identity in identities)
        return repository.view_account(account, masked, len(devices)), devices

    async def set_account_status(self, tx: Tx, *, account_id: str, status: str) -> None:
        """Block an account or make it active again; a blocked one's devices are forgotten.

        Raises:
            NotFoundError: there is no such account.
            InvalidInputError: no such status.
        """
        if status not in {"active", "blocked"}:
            raise InvalidInputError("a status is active or blocked", field="status")
        account = await repository.get_account(tx, account_id)
        if account is None:
            raise NotFoundError(f"there is no account {account_id}", hint="`kolco account list` shows them")
        account.status = status
        if status == "blocked":
            await repository.forget_account(tx, account_id)
        await outbox.add(tx, AccountChanged(account_id))

    def _mask(self, identity: Identity) -> str:
        if identity.kind != "phone":
            return identity.kind
        return f"phone {mask_phone(self._secrets.unseal('phone', identity.sealed))}"
