"""`eapol_test`: wpa_supplicant's own EAP and RADIUS client, which also compares the MPPE keys."""

import asyncio
from pathlib import Path

from tests.integration.radius.asking import SECRET

ANONYMOUS = "anonymous@kolco.test"

TLS12 = "tls_disable_tlsv1_3=1"
TLS13 = "tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=0"


async def eapol_test(port: int, directory: Path, config: dict[str, str], *options: str) -> str:
    """Run eapol_test with one network block; its output, whatever its exit code."""
    lines = "\n".join(f"  {name}={value}" for name, value in config.items())
    path = directory / "network.conf"
    path.write_text(f"network={{\n  key_mgmt=WPA-EAP\n  eapol_flags=0\n{lines}\n}}\n")
    process = await asyncio.create_subprocess_exec(
        "eapol_test", "-c", str(path), "-a", "127.0.0.1", "-p", str(port), "-s", SECRET, "-t", "10",
        "-M", "02:00:00:00:00:01", *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return output.decode("utf-8", "replace")


def succeeded(output: str) -> bool:
    lines = output.splitlines()
    return lines[-1] == "SUCCESS" and "MPPE keys OK: 1  mismatch: 0" in lines


def refused(output: str) -> bool:
    return output.splitlines()[-1] == "FAILURE" and "Access-Reject" in output
