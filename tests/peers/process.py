"""Servers that tests and benchmarks start: found free ports, waited for, ended with whoever started them."""

import signal
import socket
import subprocess

from tests.eventually import eventually_blocking

ENDS_WITH_US = ("setpriv", "--pdeathsig", "INT", "--")
"""Before a server's command: the kernel ends it when the run that started it is killed."""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of loopback that nothing listens on now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, seconds: float = 15) -> None:
    """Wait until a process listens on a TCP port.

    Raises:
        RuntimeError: it ended.
        AssertionError: it does not listen in time.
    """

    def listens() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True

    eventually_blocking(listens, within_s=seconds, despite=(OSError,))


def end(process: subprocess.Popen, number: int = signal.SIGTERM) -> None:
    """End a process, politely at first."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
