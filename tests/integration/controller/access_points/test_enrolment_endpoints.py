"""Enrolment through the API; that the channel takes the certificate is tried with the channel."""

from cryptography import x509

from controller.core.pki import CertificateAuthority
from tests.factories.inventory import add_ap, serial_of


async def test_an_access_point_gets_a_certificate_of_its_serial(api):
    await add_ap(api.runtime.db, 1, name="Арбат, 5")
    answer = await api.http.post(f"/access-points/{serial_of(1)}/certificate")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    row = answer.json()
    leaf = x509.load_pem_x509_certificate(row["certificate"].encode())
    assert leaf.subject.rfc4514_string() == f"CN={serial_of(1)}"
    authority = CertificateAuthority.open(api.runtime.data_dir / "pki")
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_pem))
    assert row["authority"].encode() == authority.certificate_pem
    entries = (await api.http.get("/audit", params={"object_id": serial_of(1)})).json()["items"]
    assert [entry["action"] for entry in entries] == ["enrolled"]
    assert "PRIVATE" not in str(entries)


async def test_a_retired_and_an_unknown_one_get_none(api):
    await add_ap(api.runtime.db, 1, state="retired")
    retired = await api.http.post(f"/access-points/{serial_of(1)}/certificate")
    assert retired.status_code == 409
    assert "kolco ap adopt" in retired.json()["hint"]
    assert (await api.http.post("/access-points/0000000000ff/certificate")).status_code == 404


async def test_a_dry_run_gives_no_key_as_it_leaves_no_trace(api):
    await add_ap(api.runtime.db, 1)
    answer = await api.http.post(f"/access-points/{serial_of(1)}/certificate?dry_run=true")
    assert (answer.status_code, answer.json()["key"]) == (201, None)
    assert (await api.http.get("/audit", params={"object_id": serial_of(1)})).json()["items"] == []
