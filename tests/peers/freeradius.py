"""Debian's FreeRADIUS in the foreground on free ports of loopback, with a configuration made for the run.

    with freeradius(FreeRadiusPlan(users=[("alice", "secret")])) as server: ...

Access-Requests need a Message-Authenticator and replies have one, log of logins off, threads as Debian sets
them. Version 3.2.1 knows `require_message_authenticator` for each client, not yet `limit_proxy_state`, and
puts Message-Authenticator into replies only where told to, and never first. `max_requests` is above Debian's
16384 because answers are remembered for five seconds and what does not fit is dropped.
"""

import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from controller.core.pki import CertificateAuthority
from tests.eventually import eventually_blocking
from tests.peers.postgresql import USER, PostgreSql
from tests.peers.process import ENDS_WITH_US, end, free_port

DEBIAN = Path("/etc/freeradius/3.0")
SCHEMA = DEBIAN / "mods-config/sql/main/postgresql/schema.sql"
SECRET = "a shared secret for FreeRADIUS"
_RECEIVE_BUFFER = 8_388_608
"""As ours asks for; Debian's default loses datagrams in a burst, as its own comment says."""


@dataclass(frozen=True)
class FreeRadiusPlan:
    """What it shall do.

    Attributes:
        users: (name, password) of the `users` file.
        database: where `radcheck` and `radacct` are, if SQL is wanted: a server and a database's name,
            prepared with `prepare_database`.
        users_in_database: look users up there and not in the file.
        accounting: `none` acknowledges only; `detail` appends to a file, never synced; `sql` fills `radacct`.
        authority: issues the certificate for EAP, and is the one of the devices; None: no EAP.
        secret: of every client.
        clients: networks that may ask, beside loopback.
        proxy: contents of proxy.conf (realms, home servers), if it forwards.
        authorize: lines put first into `authorize`, such as `suffix`.
        preacct: the same for accounting.
        post_auth: lines put into `post-auth`.
        modules: further module configurations, by name.
        sites: further virtual servers and listeners, by name.
        threads: `thread pool` settings that differ from Debian's.
    """

    users: Iterable[tuple[str, str]] = ()
    database: tuple[PostgreSql, str] | None = None
    users_in_database: bool = False
    accounting: Literal["none", "detail", "sql"] = "none"
    authority: CertificateAuthority | None = None
    secret: str = SECRET
    clients: Iterable[str] = ()
    proxy: str = ""
    authorize: str = ""
    preacct: str = ""
    post_auth: str = ""
    modules: Mapping[str, str] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    threads: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FreeRadius:
    """A server that runs.

    Attributes:
        auth_port: UDP port of authentication.
        acct_port: UDP port of accounting.
        secret: the shared secret.
        process: it.
        directory: its files; the log is `log`, accounting details are below `detail`.
    """

    auth_port: int
    acct_port: int
    secret: str
    process: subprocess.Popen
    directory: Path

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.directory / "log").read_text("utf-8", "replace")


def prepare_database(server: PostgreSql, name: str, users: Iterable[tuple[str, str]]) -> None:
    """Make FreeRADIUS's tables and fill `radcheck`; names and passwords have no tabs or backslashes."""
    server.psql(name, SCHEMA.read_text("utf-8"))
    rows = "".join(f"{user}\tCleartext-Password\t:=\t{password}\n" for user, password in users)
    server.psql(name, "COPY radcheck (UserName, Attribute, op, Value) FROM STDIN", lines=rows.encode())
    server.psql(name, "ANALYZE radcheck")


@contextmanager
def freeradius(plan: FreeRadiusPlan, *, seconds: float = 60) -> Iterator[FreeRadius]:
    """Start it and end it with its files.

    Raises:
        RuntimeError: it does not start; the message has its log.
        AssertionError: it does not start in time.
    """
    directory = Path(tempfile.mkdtemp(prefix="kolco-freeradius-"))
    process = None
    try:
        auth_port, acct_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
        _write(directory, plan, auth_port, acct_port)
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [*ENDS_WITH_US, "freeradius", "-f", "-l", "stdout", "-d", directory, "-n", "radiusd"],
                stdout=log, stderr=log, cwd="/",
            )  # fmt: skip
        server = FreeRadius(auth_port, acct_port, plan.secret, process, directory)
        _wait(server, seconds)
        yield server
    finally:
        if process is not None:
            end(process)
        shutil.rmtree(directory)


def _wait(server: FreeRadius, seconds: float) -> None:
    def ready() -> bool:
        if server.process.poll() is not None:
            raise RuntimeError(f"FreeRADIUS did not start: {server.log[-3000:]}")
        return "Ready to process requests" in server.log

    eventually_blocking(ready, within_s=seconds)


def _write(directory: Path, plan: FreeRadiusPlan, auth_port: int, acct_port: int) -> None:
    (directory / "dictionary").write_text("$INCLUDE /usr/share/freeradius/dictionary\n")
    (directory / "empty").touch()
    with (directory / "users").open("w", encoding="utf-8") as file:
        file.writelines(f'"{name}" Cleartext-Password := "{password}"\n' for name, password in plan.users)
    modules, sites = dict(plan.modules), dict(plan.sites)
    modules["files"] = f"files {{ usersfile = {directory}/users\n acctusersfile = {directory}/empty }}"
    modules["pap"] = "pap { }\nexpr { }"
    modules["chap"] = "chap { }"
    modules["mschap"] = "mschap { use_mppe = yes }"
    modules["always"] = "always reject { rcode = reject }\nalways ok { rcode = ok }"
    modules["preprocess"] = (
        f"preprocess {{ huntgroups = {directory}/empty\n hints = {directory}/empty\n with_ascend_hack = no }}"
    )
    modules["realm"] = "realm suffix { format = suffix\n delimiter = @ }"
    modules["detail"] = (
        f"detail {{ filename = {directory}/detail/detail-%Y%m%d\n permissions = 0600\n locking = no }}"
    )
    if plan.database is not None:
        modules["sql"] = _sql(*plan.database)
    if plan.authority is not None:
        _write_certificates(directory, plan.authority)
        modules["eap"] = _EAP.replace("@", str(directory))
    sites["default"] = _site(plan, auth_port, acct_port)
    users = "sql" if plan.users_in_database else "files"
    sites["inner-tunnel"] = _INNER.replace("@users@", users) if plan.authority is not None else ""
    networks = ["127.0.0.1/32", *plan.clients]
    clients = "".join(
        f"client c{number} {{ ipaddr = {network}\n secret = {_quote(plan.secret)}\n"
        " require_message_authenticator = yes }\n"
        for number, network in enumerate(networks)
    )
    threads = {"start_servers": 5, "max_servers": 32, "min_spare_servers": 3, "max_spare_servers": 10}
    pool = "\n".join(f"  {name} = {value}" for name, value in (threads | dict(plan.threads)).items())
    policies = f"policy {{ $INCLUDE {DEBIAN}/policy.d/accounting\n }}"
    (directory / "detail").mkdir()
    text = _RADIUSD.format(
        directory=directory, clients=clients, pool=pool, policies=policies,
        proxying="yes" if plan.proxy else "no", proxy=plan.proxy,
        modules="\n".join(modules.values()), sites="\n".join(sites.values()),
    )  # fmt: skip
    (directory / "radiusd.conf").write_text(_one_item_a_line(text), encoding="utf-8")


def _one_item_a_line(text: str) -> str:
    """Its parser wants a line for every item and brace; `${…}` and `%{…}` have no blanks within."""
    return re.sub(r" \}", "\n}", re.sub(r" \{ ", " {\n", text))


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _sql(server: PostgreSql, name: str) -> str:
    return f"""
sql {{
  driver = "rlm_sql_postgresql"
  dialect = "postgresql"
  server = "127.0.0.1"
  port = {server.port}
  login = "{USER}"
  radius_db = "{name}"
  acct_table1 = "radacct"
  acct_table2 = "radacct"
  postauth_table = "radpostauth"
  authcheck_table = "radcheck"
  groupcheck_table = "radgroupcheck"
  authreply_table = "radreply"
  groupreply_table = "radgroupreply"
  usergroup_table = "radusergroup"
  read_groups = yes
  delete_stale_sessions = yes
  pool {{
    start = ${{thread[pool].start_servers}}
    min = ${{thread[pool].min_spare_servers}}
    max = ${{thread[pool].max_servers}}
    spare = ${{thread[pool].max_spare_servers}}
    uses = 0
    retry_delay = 30
    lifetime = 0
    idle_timeout = 60
  }}
  client_table = "nas"
  group_attribute = "SQL-Group"
  $INCLUDE {DEBIAN}/mods-config/sql/main/postgresql/queries.conf
}}
"""


def _write_certificates(directory: Path, authority: CertificateAuthority) -> None:
    issued = authority.issue_server(["radius.peer.test"], now=datetime.now(UTC))
    issued.write(directory, "server")
    (directory / "ca.crt").write_bytes(authority.certificate_pem)


def _site(plan: FreeRadiusPlan, auth_port: int, acct_port: int) -> str:
    users = "sql" if plan.users_in_database else "files"
    eap = "eap { ok = return }" if plan.authority is not None else ""
    handled = {"none": "ok", "detail": "detail", "sql": "sql"}[plan.accounting]
    return f"""
server default {{
  listen {{ type = auth
    recv_buff = {_RECEIVE_BUFFER}
    ipaddr = 127.0.0.1
    port = {auth_port} }}
  listen {{ type = acct
    recv_buff = {_RECEIVE_BUFFER}
    ipaddr = 127.0.0.1
    port = {acct_port} }}
  authorize {{
    preprocess
    {plan.authorize}
    chap
    mschap
    {eap}
    {users}
    pap
  }}
  authenticate {{
    Auth-Type PAP {{ pap }}
    Auth-Type CHAP {{ chap }}
    Auth-Type MS-CHAP {{ mschap }}
    {"eap" if plan.authority is not None else ""}
  }}
  preacct {{
    preprocess
    acct_unique
    {plan.preacct}
  }}
  accounting {{ {handled} }}
  post-auth {{
    {plan.post_auth}
    update reply {{ Message-Authenticator := 0x00 }}
    Post-Auth-Type REJECT {{ update reply {{ Message-Authenticator := 0x00 }} }}
    Post-Auth-Type Challenge {{ ok }}
  }}
  {"pre-proxy { }" if plan.proxy else ""}
  {"post-proxy { }" if plan.proxy else ""}
}}
"""


_INNER = """
server inner-tunnel {
  authorize {
    chap
    mschap
    update control { &Proxy-To-Realm := LOCAL }
    eap { ok = return }
    @users@
    pap
  }
  authenticate {
    Auth-Type PAP { pap }
    Auth-Type CHAP { chap }
    Auth-Type MS-CHAP { mschap }
    eap
  }
  post-auth { ok }
}
"""

_EAP = """
eap {
  default_eap_type = ttls
  timer_expire = 60
  ignore_unknown_eap_types = no
  cisco_accounting_username_bug = no
  max_sessions = ${max_requests}
  gtc { auth_type = PAP }
  mschapv2 { }
  tls-config tls-common {
    private_key_file = @/server.key
    certificate_file = @/server.crt
    ca_file = @/ca.crt
    cipher_list = "DEFAULT"
    tls_min_version = "1.2"
    tls_max_version = "1.3"
    fragment_size = 1000
    cache { enable = no }
  }
  tls { tls = tls-common }
  ttls { tls = tls-common
    default_eap_type = mschapv2
    copy_request_to_tunnel = no
    use_tunneled_reply = no
    virtual_server = "inner-tunnel" }
  peap { tls = tls-common
    default_eap_type = mschapv2
    copy_request_to_tunnel = no
    use_tunneled_reply = no
    virtual_server = "inner-tunnel" }
}
"""

_RADIUSD = """
prefix = /usr
logdir = {directory}
raddbdir = {directory}
name = radiusd
confdir = {directory}
run_dir = {directory}
libdir = /usr/lib/freeradius
max_request_time = 30
cleanup_delay = 5
max_requests = 262144
hostname_lookups = no
log {{ destination = stdout
  auth = no
  auth_badpass = no
  auth_goodpass = no }}
security {{ allow_core_dumps = no
  max_attributes = 200
  reject_delay = 0
  status_server = yes }}
proxy_requests = {proxying}
{proxy}
{clients}
thread pool {{
{pool}
  max_requests_per_server = 0
  auto_limit_acct = no
}}
modules {{
{modules}
}}
instantiate {{ }}
{policies}
{sites}
"""
