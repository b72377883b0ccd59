import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.index.spool import PARTS, Spool


@given(st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.binary(max_size=90)), max_size=60))
def test_what_goes_in_comes_out_part_by_part(items):
    for block in (1, 64, 10**6):  # all on the disk, some of it, none
        with tempfile.TemporaryDirectory() as directory:
            spool = Spool(Path(directory), block=block)
            spool.add(items)
            out = {}
            for part in range(PARTS):
                taken = spool.take(part)
                assert {key[0] for key in taken} <= {part}
                out |= taken
            assert out == dict(items)
            assert spool.take(0) == {}
            spool.close()
            assert list(Path(directory).iterdir()) == []


def test_a_full_disk_is_told():
    spool = Spool(Path("/nowhere"), block=1)
    with pytest.raises(OSError, match="nowhere"):
        spool.add([(bytes(16), b"x")])
    spool._file = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115
    with pytest.raises(OSError, match="No space"):
        spool.add([(bytes(16), b"x")])
    spool.close()
