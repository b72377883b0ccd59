"""Which NAS a certificate belongs to, in memory: no database query for a connection.

A NAS has the name of its entry in its certificate, from any trusted authority. An adopted access point
needs no entry: kolco's own authority gave it a certificate whose common name is its serial.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509

from controller.core.db import Database
from controller.nas.types import RADSEC_APS
from radius.protocol.connection import Client
from radius.radsec import repository
from radius.radsec.certificates import common_name_of, is_issued_by, names_of, stand_in_address

SECRET: Final = b"radsec"
"""Fixed by RFC 6614 §2.3: TLS protects the packets, this only fills the old formulas."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end.

    Attributes:
        name: as in the certificate; for logs.
        client: the NAS as the protocol sees it.
        address: stands for its address, see `certificates.stand_in_address`.
    """

    name: str
    client: Client
    address: str


def make_client(nas_id: str, *, vendor: str = "generic", cui: str = "asked") -> Client:
    """Return a NAS that comes by RadSec: what protects UDP does not apply (radiusdtls-bis)."""
    return Client(
        nas_id,
        (SECRET,),
        require_message_authenticator=False,
        limit_proxy_state=False,
        vendor=vendor,
        cui=cui,
    )


@dataclass(frozen=True, slots=True)
class PeerTable:
    """NASes by certificate, immutable.

    Attributes:
        clients: NASes by the name of their entry, lower-case.
        serials: of adopted access points.
    """

    clients: Mapping[str, Client] = field(default_factory=dict)
    serials: frozenset[str] = frozenset()
    aps: Client = field(default_factory=lambda: make_client(RADSEC_APS))

    def find(self, certificate: x509.Certificate, own_authority: x509.Certificate) -> Peer | None:
        """Return who shows this certificate, or None if nobody we know."""
        for name in sorted(names_of(certificate)):
            client = self.clients.get(name)
            if client is not None:
                return Peer(name, client, stand_in_address(name))
        serial = common_name_of(certificate)
        if serial in self.serials and is_issued_by(certificate, own_authority):
            return Peer(serial, self.aps, stand_in_address(serial))
        return None


class PeerRegistry:
    """The table of the database, as of the last reading.

    Args:
        db: the database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self.table = PeerTable()

    async def reload(self) -> None:
        """Read the table again."""
        self.take(await self.read())

    async def read(self) -> repository.Known:
        """Return the table of the database."""
        async with self._db.reading() as tx:
            return repository.Known(await repository.list_names(tx), await repository.list_adopted(tx))

    def take(self, known: repository.Known) -> None:
        """Go by a reading from now on."""
        clients = {row.name: make_client(row.nas_id, vendor=row.vendor, cui=row.cui) for row in known.names}
        self.table = PeerTable(clients, known.serials)
