"""HTTP route by which an access point gets its certificate."""

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, Field

from controller.access_points import enrolment
from controller.core.pki import CertificateAuthority
from controller.operators.context import DryRun, Engineer

router = APIRouter(tags=["access points"])


class EnrolmentOut(BaseModel):
    """What an AP needs to connect; the key is shown this once."""

    serial: str
    certificate: str = Field(description="PEM: the AP's certificate, then the authority's.")
    key: str | None = Field(description="PEM, PKCS #8, not encrypted; null in a dry run.")
    authority: str = Field(description="PEM: whom the AP trusts.")


@router.post("/access-points/{reference}/certificate", status_code=status.HTTP_201_CREATED)
async def enrol_ap(
    ctx: Engineer, reference: str, response: Response, dry_run: DryRun = False
) -> EnrolmentOut:
    """Issue a certificate for an AP of the inventory."""
    authority = CertificateAuthority.open(ctx.pki_dir)
    async with ctx.changing(dry_run=dry_run) as tx:
        serial, issued = await enrolment.issue(
            tx, reference, authority=authority, actor=ctx.actor, now=ctx.now
        )
    response.headers["Cache-Control"] = "no-store"
    return EnrolmentOut(
        serial=serial,
        certificate=issued.certificate_pem.decode(),
        # Whoever holds it is the access point; a dry run, which no audit entry tells of, must not give it.
        key=None if dry_run else issued.key_pem.decode(),
        authority=authority.certificate_pem.decode(),
    )
