import pytest

from controller.core.mac import Mac
from controller.directory.types import Known, PlanView, Secret, StoredCredential
from radius.index.entries import CredentialEntry

PLAN = PlanView("city", "City", 7200, 600, 86_400, 300, 10_000, 5_000, None, 5)
KNOWN = Known("a", "d", Mac("02:00:00:00:00:01"), PLAN, None)


def test_what_is_known_does_not_change():
    with pytest.raises(AttributeError):
        KNOWN.account_id = "b"
    assert Known("a", "d", Mac("02:00:00:00:00:01"), PLAN, None) == KNOWN


@pytest.mark.parametrize(
    "secret",
    [
        StoredCredential(b"digest", b"sealed", KNOWN),
        CredentialEntry(b"digest", b"sealed", 0, "", "", b"", ""),
    ],
)
def test_a_secret_is_of_the_database_or_of_the_index(secret: Secret):
    assert (secret.digest, secret.sealed) == (b"digest", b"sealed")
