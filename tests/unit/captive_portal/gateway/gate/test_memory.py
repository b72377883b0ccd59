from captive_portal.gateway.gate.base import Client, Ledger, Pass, Totals
from captive_portal.gateway.gate.memory import MemoryGate
from controller.core.mac import Mac

ANNA = Client("10.77.1.5", Mac("02:00:00:00:00:05"))


async def test_opens_counts_closes_and_forgets():
    gate = MemoryGate()
    await gate.install()
    await gate.open([Pass("one", ANNA, 60.0, carried=Totals(1, 1, 1, 1))])
    assert gate.is_open(ANNA)
    gate.pass_traffic(ANNA, Totals(10, 20, 1, 2))
    await gate.open([Pass("one", ANNA, 90.0)])
    ledger = Ledger("one", ANNA.ip, ANNA.mac, Totals(11, 21, 2, 3))
    assert await gate.ledgers() == [ledger]
    await gate.close([ANNA])
    gate.pass_traffic(ANNA, Totals(10, 20, 1, 2))
    assert await gate.read([ledger]) == [ledger]
    await gate.forget([ledger])
    assert (await gate.snapshot()).ledgers == []


async def test_bindings():
    gate = MemoryGate()
    await gate.bind({ANNA.ip: ANNA.mac})
    assert (await gate.snapshot()).bindings == {ANNA.ip: ANNA.mac}
    await gate.unbind({ANNA.ip: ANNA.mac})
    await gate.teardown()
    assert (await gate.snapshot()).bindings == {}
