from hypothesis import given
from hypothesis import strategies as st

from captive_portal.gateway.gate.base import Client, Pass
from captive_portal.gateway.gate.reconcile import TIME_TOLERANCE_S, diff_bindings, diff_gate
from controller.core.mac import Mac

MAC = Mac("02:00:00:00:00:05")
clients = st.integers(1, 6).map(lambda number: Client(f"10.77.1.{number}", MAC))
seconds = st.integers(1, 100).map(float)


def passes(remaining):
    return {client: Pass(f"session-{client.ip}", client, left) for client, left in remaining.items()}


@given(st.dictionaries(clients, seconds), st.dictionaries(clients, seconds))
def test_after_the_changes_the_kernel_agrees(desired, installed):
    changes = diff_gate(passes(desired), installed)
    kernel = dict(installed)
    for client in changes.close:
        del kernel[client]
    for entry in (*changes.missing, *changes.renewed):
        kernel[entry.client] = entry.remaining_s
    assert kernel.keys() == desired.keys()
    assert all(abs(kernel[client] - desired[client]) <= TIME_TOLERANCE_S for client in desired)
    assert not diff_gate(passes(desired), kernel)


def test_nothing_changes_when_they_agree():
    client = Client("10.77.1.5", MAC)
    assert not diff_gate(passes({client: 60.0}), {client: 59.0})


@given(
    st.dictionaries(clients.map(lambda client: client.ip), st.just(MAC)),
    st.dictionaries(clients.map(lambda client: client.ip), st.sampled_from([MAC, Mac("02:00:00:00:00:06")])),
)
def test_bindings_agree_after_the_changes(desired, installed):
    changes = diff_bindings(desired, installed)
    kernel = {ip: mac for ip, mac in installed.items() if ip not in changes.lift}
    kernel.update(changes.bind)
    assert kernel == desired
