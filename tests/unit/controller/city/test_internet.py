from controller.city.internet import name_server_arguments


def test_the_name_server_knows_its_records_and_asks_nobody():
    arguments = name_server_arguments({"b.test": "203.0.113.2", "a.test": "203.0.113.1"}, "203.0.113.53")
    assert arguments[-2:] == ["--host-record=a.test,203.0.113.1", "--host-record=b.test,203.0.113.2"]
    assert "--listen-address=203.0.113.53" in arguments
    assert {"--no-resolv", "--no-hosts", "--conf-file=/dev/null"} <= set(arguments)
