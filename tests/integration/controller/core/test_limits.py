"""The limit is the process's own, so it is tried in a process of its own."""

import subprocess
import sys

PROGRAM = """
import resource
from controller.core.limits import allow_open_files
hard = min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
first, again = allow_open_files(), allow_open_files()
print(first, again, resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard), hard)
"""


def test_the_soft_limit_rises_to_the_hard_one() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    first, again, same, hard = told.stdout.split()
    assert first == again == hard
    assert same == "True"
