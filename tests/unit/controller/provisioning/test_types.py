from controller.provisioning.types import Fault, Outcome


def test_shapes_are_values():
    assert Fault("radios", "none") == Fault("radios", "none")
    assert Outcome("aa", 1, "acknowledged").rejected == ()
