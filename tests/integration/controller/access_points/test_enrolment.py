"""An enrolled certificate, shown in a real TLS handshake."""

from controller.access_points import enrolment
from controller.core.pki import CertificateAuthority, client_context, server_context
from controller.operators.types import Actor
from tests.factories.inventory import add_ap, add_places, serial_of
from tests.integration.controller.core.test_pki import handshake


async def test_the_common_name_a_server_sees_is_the_serial(runtime):
    await add_places(runtime.db)
    await add_ap(runtime.db, 1)
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    now = runtime.clock.now()
    async with runtime.db.transaction() as tx:
        serial, issued = await enrolment.issue(
            tx, serial_of(1), authority=authority, actor=Actor("01ANNA", "anna", "engineer"), now=now
        )
    assert serial == serial_of(1)
    trusted = authority.certificate_pem
    server = authority.issue_server(["localhost"], now=now)
    seen = await handshake(server_context(server, trusted), client_context(trusted, issued))
    assert seen == serial
