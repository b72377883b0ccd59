"""A plan and a citizen in the database, made through the real directory."""

from controller.directory.service import DEFAULT_PLAN, Directory
from controller.directory.types import Login, PlanView

PHONE = "+79991234567"
MAC = "02:00:00:00:00:01"


def make_plan(**changes) -> PlanView:
    fields = {
        "id": DEFAULT_PLAN,
        "name": "City",
        "session_timeout_s": 86_400,
        "idle_timeout_s": 3_600,
        "remember_s": 86_400,
        "interim_s": 300,
        "rate_down_kbps": None,
        "rate_up_kbps": None,
        "quota_bytes": None,
        "simultaneous_use": 2,
    }
    return PlanView(**(fields | changes))


async def make_citizen(database, directory: Directory, *, now, mac=MAC, phone=PHONE, **plan) -> Login:
    async with database.transaction() as tx:
        await directory.save_plan(tx, make_plan(**plan))
        return await directory.login_phone(tx, phone=phone, mac=mac, now=now)
