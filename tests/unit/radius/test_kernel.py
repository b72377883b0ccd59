from hypothesis import given
from hypothesis import strategies as st

from radius.kernel import read_drops

TABLE = """\
  sl local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode ref pointer drops
  397: 0100007F:0714 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12 2 00000000 7
  398: 0100007F:0715 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 13 2 00000000 5
  399: 00000000:0714 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 14 2 00000000 1
"""


def test_drops_of_each_socket_of_a_port():
    assert read_drops(TABLE, 1812) == {"12": 7, "14": 1}
    assert read_drops(TABLE, 1813) == {"13": 5}
    assert read_drops(TABLE, 1814) == {}


@given(st.text(), st.integers(0, 65535))
def test_any_text_is_read(text, port):
    assert all(drops >= 0 for drops in read_drops(text, port).values())
