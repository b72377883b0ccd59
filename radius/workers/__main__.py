"""Runs one worker process; only `pool` starts it."""

import sys

from radius.workers.child import run

if __name__ == "__main__":
    run(sys.argv[1:])
