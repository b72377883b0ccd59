"""Joins the routes of all features into one application. Metrics and health are another application.

Does not listen: the controller daemon serves it.
"""

from fastapi import APIRouter, FastAPI

from controller.access_points import command_endpoints, enrolment_endpoints
from controller.access_points import endpoints as access_points
from controller.api import accounts, configs, problems, sessions, vouchers
from controller.core.runtime import Runtime
from controller.directory.service import DEFAULT_PLAN, Directory
from controller.directory.types import PlanView
from controller.operators import audit_endpoints as audit
from controller.operators import endpoints as operators
from controller.operators import service as operator_service
from controller.operators.local_token import read_or_make_token
from controller.sites import endpoints as sites
from controller.wlans import endpoints as wlans
from controller.zones import endpoints as zones
from controller.zones import service as zone_service

PREFIX = "/api/v1"

_CITY_PLAN = PlanView(
    id=DEFAULT_PLAN,
    name="Городская сеть",
    session_timeout_s=86_400,
    idle_timeout_s=3_600,
    remember_s=86_400,
    interim_s=300,
    rate_down_kbps=None,
    rate_up_kbps=None,
    quota_bytes=None,
    simultaneous_use=5,
)
"""What a citizen gets until the city says otherwise: a day, no limits of rate or volume."""

_ROUTERS: tuple[APIRouter, ...] = (
    zones.router,
    sites.router,
    access_points.router,
    command_endpoints.router,
    enrolment_endpoints.router,
    configs.router,
    wlans.router,
    sessions.router,
    accounts.router,
    vouchers.router,
    operators.router,
    audit.router,
)


def create_api(runtime: Runtime) -> FastAPI:
    """Return the API on this runtime; every route asks for an operator's token.

    The description is at /api/v1/openapi.json. Run `prepare` once before serving.
    """
    app = FastAPI(
        title="kolco",
        summary="Controller of a city's public Wi-Fi.",
        version="1",
        openapi_url=f"{PREFIX}/openapi.json",
        # Both pages would load scripts from other people's servers.
        docs_url=None,
        redoc_url=None,
        responses={"default": {"model": problems.Problem, "description": "Why it was not done."}},
    )
    app.state.runtime = runtime
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router, prefix=PREFIX)
    return app


async def prepare(runtime: Runtime) -> None:
    """Make what is needed on a first start: the two rings, the plan, the local operator and its token file.

    Safe to run at every start.

    Raises:
        InvalidInputError: the token file does not hold a token.
    """
    token = read_or_make_token(runtime.data_dir)
    async with runtime.db.transaction() as tx:
        await zone_service.ensure_rings(tx)
        directory = Directory(runtime.secrets)
        if not await directory.list_plans(tx):
            await directory.save_plan(tx, _CITY_PLAN)
        await operator_service.ensure_local(tx, runtime.secrets, token, runtime.clock.now())
