from radius.interims import choose
from radius.protocol.attributes import AcctStatusType
from radius.records import Record, Totals
from radius.stations import CalledStation

START, STOP, INTERIM, ON = (
    AcctStatusType.START,
    AcctStatusType.STOP,
    AcctStatusType.INTERIM_UPDATE,
    AcctStatusType.ACCOUNTING_ON,
)


def record(kind, leg="", address="192.0.2.1"):
    return Record(kind, "nas", address, leg, None, None, "", CalledStation(None, ""), Totals(), 0, 0, 0)


def test_only_interims_that_are_alone_are_taken_out_of_order():
    records = [
        record(INTERIM, "a"),
        record(START, "b"),
        record(INTERIM, "b"),
        record(INTERIM, "c"),
        record(INTERIM, "c"),
        record(STOP, "d"),
        record(INTERIM, "a", address="192.0.2.2"),
    ]
    assert choose(records) == [0, 6]


def test_a_restart_keeps_its_devices_records_in_order():
    records = [record(INTERIM, "a"), record(ON), record(INTERIM, "b", address="192.0.2.2")]
    assert choose(records) == [2]
