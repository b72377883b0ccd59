"""Authorities and revocation lists from files."""

import pytest

from controller.core.errors import InvalidInputError
from radius.radsec.trust import TrustFiles, TrustKeeper, read_issued
from tests.factories.authority import Authority

CITY, PARTNER = Authority("City CA"), Authority("Partner CA")


@pytest.fixture
def files(tmp_path):
    (tmp_path / "ca.crt").write_bytes(PARTNER.certificate_pem)
    (tmp_path / "ca.crl").write_bytes(PARTNER.crl())
    CITY.issue("radius.example").write(tmp_path, "own")
    own = tmp_path / "own.crt", tmp_path / "own.key"
    return TrustFiles(
        CITY.certificate_pem,
        (tmp_path / "ca.crt",),
        (tmp_path / "ca.crl",),
        lambda: read_issued(*own),
        lambda: read_issued(*own),
        own,
    )


async def test_files_are_read_again_when_they_change_and_only_then(files, tmp_path):
    keeper = TrustKeeper(files)
    told = []
    keeper.listen(lambda: told.append(keeper.current))
    before = keeper.current
    await keeper.refresh()
    assert keeper.current is before
    assert told == []
    metro = PARTNER.issue("metro").certificate
    assert before.is_good(metro)
    (tmp_path / "ca.crl").write_bytes(PARTNER.crl(metro))
    await keeper.refresh()
    assert told == [keeper.current]
    assert not keeper.current.is_good(metro)
    CITY.issue("another.example").write(tmp_path, "own")
    await keeper.refresh()
    assert len(told) == 2


async def test_what_cannot_be_read_leaves_what_was(files, tmp_path):
    keeper = TrustKeeper(files)
    before = keeper.current
    (tmp_path / "ca.crl").unlink()
    await keeper.refresh()
    (tmp_path / "own.key").write_bytes(b"half a key")
    (tmp_path / "ca.crl").write_bytes(PARTNER.crl())
    await keeper.refresh()
    assert keeper.current is before


@pytest.mark.parametrize("name", ["ca.crt", "ca.crl", "own.crt"])
@pytest.mark.parametrize("damage", [None, b"damaged"])
def test_at_the_start_every_file_has_to_be_good(files, tmp_path, name, damage):
    (tmp_path / name).unlink()
    if damage is not None:
        (tmp_path / name).write_bytes(damage)
    with pytest.raises(InvalidInputError):
        TrustKeeper(files)
