"""Sessions at access points, as accounting began them."""

from dataclasses import dataclass, replace

import pytest

from controller.core.ids import new_id
from controller.core.mac import Mac
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.models import NetSession
from radius.accounting import Accountant, Received
from radius.protocol.attributes import AcctStatusType
from radius.records import Record, Totals
from radius.session_class import SessionClass
from radius.stations import CalledStation
from tests.factories.inventory import add_ap, add_places, mac_of
from tests.factories.people import MAC, make_citizen


@dataclass
class City:
    """Two access points and one device."""

    database: object
    clock: object
    accountant: Accountant
    promised: SessionClass
    serials: list

    async def tell(self, kind, ap, *, leg="A", seconds=0, bssid=""):
        """Have the NAS of an access point tell something of the device, now."""
        record = Record(
            kind, "nas", f"192.0.2.{ap}", leg, self.promised, Mac(MAC), "",
            CalledStation(bssid or mac_of(self.serials[ap]), "City"), Totals(up_bytes=seconds), seconds, 0, 0,
        )  # fmt: skip
        async with self.database.transaction() as tx:
            (applied,) = await self.accountant.apply(tx, [Received(record, self.clock.now())])
        return applied

    async def start(self, ap, **values):
        return await self.tell(AcctStatusType.START, ap, **values)

    async def interim(self, ap, **values):
        return await self.tell(AcctStatusType.INTERIM_UPDATE, ap, **values)

    async def session(self):
        async with self.database.reading() as tx:
            return await tx.get(NetSession, self.promised.session_id)

    def another(self):
        """A session of the same device that comes next."""
        return replace(self, promised=replace(self.promised, session_id=new_id()))


@pytest.fixture
async def city(database, tmp_path, clock):
    directory = Directory(SecretStore(tmp_path / "secrets"))
    login = await make_citizen(database, directory, now=clock.now(), interim_s=300)
    await add_places(database)
    serials = [await add_ap(database, 16 * number, connected=True) for number in range(2)]
    promised = SessionClass(new_id(), login.device_id, "radius-ttls")
    return City(database, clock, Accountant(directory), promised, serials)
