"""Enrolment: gives an access point the certificate with which it connects.

The common name is the serial, and the channel takes no other. Nothing is kept of the key; a lost one
is replaced by enrolling again. Does not revoke: a retired access point is refused by its serial.
"""

from datetime import datetime

from controller.access_points import service
from controller.audit import service as audit
from controller.core.db import Tx
from controller.core.errors import ConflictError
from controller.core.pki import CertificateAuthority, Issued
from controller.operators.types import Actor


async def issue(
    tx: Tx, reference: str, *, authority: CertificateAuthority, actor: Actor, now: datetime
) -> tuple[str, Issued]:
    """Return the serial of an AP of the inventory and a new certificate for it.

    Raises:
        NotFoundError: no AP has this serial or name.
        ConflictError: it is retired.
    """
    ap = (await service.get_details(tx, reference)).ap
    if ap.state == "retired":
        raise ConflictError(f"{ap.name} is retired", hint=f"first: kolco ap adopt {ap.serial}")
    audit.record(tx, operator=actor.name, action="enrolled", object_type="ap", object_id=ap.serial, now=now)
    return ap.serial, authority.issue_client(ap.serial, now=now)
