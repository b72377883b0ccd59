import pytest

from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.neighbour_watch import NeighbourWatch, interface_index
from controller.core.errors import UnavailableError
from tests.eventually import eventually
from tests.factories.gateway_lab import GATEWAY, SITE, client_ip, client_mac, ip

ANNA = Client(client_ip(1), client_mac(1))
BORIS = Client(client_ip(2), client_mac(2))


async def test_hears_of_clients_that_were_there_and_that_come(lab):
    lab.address(1)
    lab.address(2)

    async def nothing(reader, writer):
        await reader.read()

    await lab.serve(GATEWAY, 9, nothing, lab.gateway)
    (await lab.connect(1, GATEWAY, 9)).close()
    seen = {}
    watch = NeighbourWatch("lan", netns=lab.gateway, seen=seen.__setitem__)
    watch.start()
    try:
        assert ANNA in seen
        assert BORIS not in seen
        (await lab.connect(2, GATEWAY, 9)).close()
        await eventually(lambda: seen.get(BORIS))
        assert SITE not in {client.ip for client in seen}
        ip(
            "-n",
            lab.gateway,
            "neigh",
            "replace",
            "10.77.1.77",
            "lladdr",
            BORIS.mac,
            "nud",
            "stale",
            "dev",
            "lan",
        )
        seen.clear()
        watch.refresh()
        assert seen[Client("10.77.1.77", BORIS.mac)] is False  # asked for, and old
    finally:
        watch.stop()


async def test_names_an_interface_that_is_not_there(lab):
    with pytest.raises(UnavailableError, match="no interface 'wlan7'"):
        interface_index("wlan7", lab.gateway)
    with pytest.raises(UnavailableError, match="this machine"):
        interface_index("wlan7", None)
