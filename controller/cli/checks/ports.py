"""Checks of the ports that the daemons listen on: free, ours, or somebody else's."""

import socket
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Literal

import psutil

from controller.cli.checks.finding import Finding
from controller.cli.serve import DaemonName, settings_class
from controller.core.errors import KolcoError

Protocol = Literal["tcp", "udp"]

_PLACES: Sequence[tuple[DaemonName, str, str, Protocol]] = (
    (DaemonName.CONTROLLER, "api_host", "api_port", "tcp"),
    (DaemonName.CONTROLLER, "ap_host", "ap_port", "tcp"),
    (DaemonName.CONTROLLER, "admin_host", "admin_port", "tcp"),
    (DaemonName.PORTAL, "host", "port", "tcp"),
    (DaemonName.PORTAL, "host", "http_port", "tcp"),
    (DaemonName.PORTAL, "admin_host", "admin_port", "tcp"),
    (DaemonName.GATEWAY, "admin_host", "admin_port", "tcp"),
    (DaemonName.RADIUS, "host", "auth_port", "udp"),
    (DaemonName.RADIUS, "host", "acct_port", "udp"),
    (DaemonName.RADIUS, "admin_host", "admin_port", "tcp"),
    (DaemonName.MONITOR, "admin_host", "admin_port", "tcp"),
)
"""Daemon, the settings that name address and port, protocol."""


_MODULES = (["controller"], ["radius.workers"])
"""What runs as `python -m …` and is ours."""


def check_ports() -> Iterator[Finding]:
    """Look at every port that the settings name; wrong settings are a finding too."""
    broken: set[DaemonName] = set()
    for daemon, host_field, port_field, protocol in _PLACES:
        if daemon in broken:
            continue
        try:
            settings = settings_class(daemon).load()
        except KolcoError as error:
            broken.add(daemon)
            yield Finding(f"settings: {daemon}", "fail", error.message, error.hint)
            continue
        host, port = getattr(settings, host_field), getattr(settings, port_field)
        if port:
            variable = f"{settings.env_prefix()}{port_field.upper()}"
            yield check_port(f"port: {daemon} {protocol} {port}", host, port, protocol, variable)


def check_port(name: str, host: str, port: int, protocol: Protocol, variable: str) -> Finding:
    """Try to take a port; `variable` is the setting that moves it."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as trial:
            if protocol == "tcp":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
    except PermissionError:
        return Finding(name, "fail", "only root may take it", f"run as root, or set {variable}")
    except OSError as error:
        holder = find_holder(port, protocol)
        if holder is not None and _is_kolco(holder):
            return Finding(name, "pass", f"kolco has it: {holder}")
        if holder is None and error.errno is not None:
            detail = f"taken, or {host} is not an address of this machine"
            return Finding(name, "fail", detail, f"look with ss -lntup as root, or set {variable}")
        return Finding(name, "fail", f"taken by {holder}", f"end that program, or set {variable}")
    return Finding(name, "pass", "free")


def _is_kolco(command: str) -> bool:
    words = [word for word in command.split() if word != "-P"]
    by_name = any(PurePath(word).name == "kolco" for word in words[:2])
    return by_name or (words[1:2] == ["-m"] and words[2:3] in _MODULES)


def find_holder(port: int, protocol: Protocol) -> str | None:
    """Return `command (pid)` of who has a port; None if nobody, or if it may not be known."""
    try:
        connections = psutil.net_connections(kind=protocol)
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if not connection.laddr or connection.laddr.port != port or connection.pid is None:
            continue
        if protocol == "tcp" and connection.status != psutil.CONN_LISTEN:
            continue
        try:
            command = " ".join(psutil.Process(connection.pid).cmdline()[:6])
        except psutil.Error:
            command = "a process"
        return f"{command} (pid {connection.pid})"
    return None
