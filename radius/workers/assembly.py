"""What answers requests, put together: in each worker process, or in the daemon if it has none.

Here parts plug in that every process has: NAS table, policy, look-ups, EAP, the journal's writer, UDP and
RadSec listeners. Parts of which there is one (the account index's keeper, the journal's applier, ending
sessions, dynamic authorisation, the admin port) belong into `radius.daemon`. A part here

- reads the database through `Tables.follow`, which follows the bus and makes do with what is on the disk
  while the database is away; in a worker the bus carries what `relay.RELAYED` lists, so add the events there;
- counts in `metrics.tally` what each packet counts, and the rest in `runtime.registry`: the parent shows
  the sums (`families.GAUGE_RULES` says which gauges are not summed);
- must not need the database to answer an Access-Request.
"""

import secrets
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from controller.core.runtime import Runtime
from controller.directory.service import Directory
from controller.nas.events import NasChanged
from radius.answers import Answers
from radius.authorize import Decision, Judge
from radius.cui import CUI_KEY, CuiIssuer
from radius.decisions import Authorizer, Decisions
from radius.eap.build import build_eap
from radius.eap.trust import open_eap_trust
from radius.explain.recorder import Recorder
from radius.group import Group
from radius.index.metrics import count_fallbacks
from radius.index.reader import AccountIndex
from radius.journal.acknowledge import Acknowledger
from radius.journal.build import open_journal
from radius.journal.decisions import Digests
from radius.journal.writer import Journal
from radius.metrics import RadiusMetrics
from radius.mpsk.keeper import keep_ring
from radius.mpsk.metrics import RingMetrics
from radius.mpsk.responder import MpskResponder
from radius.mpsk.ring import KeyRing
from radius.mschap import MsChapResponder
from radius.nas import NasRegistry
from radius.policy.events import CuiWasReset, PolicyChanged
from radius.policy.registry import PolicyRegistry
from radius.policy.repository import InForce
from radius.ports import PortPlan, Ports
from radius.protocol.connection import ACCT_CODES, AUTH_CODES
from radius.question import Question
from radius.radsec.build import RADSEC, open_trust
from radius.reply import ALIVE_ACCESS, ALIVE_ACCOUNTING, Replies
from radius.repository import NasRow
from radius.server import RadiusPort
from radius.session_class import ClassCodec
from radius.settings import RadiusSettings
from radius.spent.events import SpentChanged
from radius.spent.registry import SpentRegistry
from radius.tables import Table, Tables
from radius.transport import open_transport
from radius.workers.link import Link

CLASS_KEY = "radius-class"


@dataclass(frozen=True, slots=True)
class Assembled:
    """What answers now.

    Attributes:
        numbers: the ports by kind.
        access: the port of Access-Requests.
    """

    numbers: Mapping[str, int]
    access: RadiusPort


async def follow_nas_table(tables: Tables, settings: RadiusSettings, registry: NasRegistry) -> None:
    """Read the NAS table, and again whenever it changes."""
    table = Table("nas", list[NasRow], registry.read, registry.take)
    await tables.follow(table, NasChanged, every_s=settings.nas_reload_s)


def prepare(runtime: Runtime, settings: RadiusSettings) -> None:
    """Make what all workers share and none of them should make: our certificates.

    Raises:
        InvalidInputError: one that is set cannot be used.
    """
    open_trust(runtime, settings)
    if settings.eap_methods:
        open_eap_trust(runtime, settings)


async def assemble(
    runtime: Runtime,
    settings: RadiusSettings,
    metrics: RadiusMetrics,
    registry: NasRegistry,
    tables: Tables,
    *,
    link: Link,
    index: AccountIndex,
    stack: AsyncExitStack,
    numbers: Mapping[str, int],
) -> Assembled:
    """Answer RADIUS until the stack unwinds; it answers what is under way first.

    Args:
        runtime: what the process stands on.
        settings: of RADIUS.
        metrics: counts.
        registry: the NAS table, read already.
        tables: keeps what else is read.
        link: joins it to the rest.
        index: the account index, open.
        stack: closes what is opened.
        numbers: of the ports by kind, 0 for a free one.

    Raises:
        ConflictError: a port is taken.
        InvalidInputError: a certificate cannot be used.
    """
    codec = ClassCodec(runtime.secrets.get(CLASS_KEY))
    journal = await stack.enter_async_context(open_journal(runtime.data_dir, settings, metrics.tally))
    answers = await _answers(
        runtime, settings, metrics, codec, tables, link=link, index=index, journal=journal
    )
    transport = await open_transport(
        runtime,
        settings,
        tables,
        access=answers.answer_access,
        accounting=Acknowledger(journal).answer,
        stack=stack,
    )
    ports = Ports(runtime, settings, registry, metrics, stack, reuse_port=link.reuse_port)
    access = ports.open(
        PortPlan(
            "access", numbers["access"], AUTH_CODES, registry.find, transport.answer_access, ALIVE_ACCESS
        )
    )
    accounting = ports.open(
        PortPlan(
            "accounting",
            numbers["accounting"],
            ACCT_CODES,
            registry.find,
            transport.answer_accounting,
            ALIVE_ACCOUNTING,
        )
    )
    bound = {"access": access.number, "accounting": accounting.number}
    if RADSEC in numbers:
        bound[RADSEC] = await transport.serve_radsec(
            metrics, registry, port=numbers[RADSEC], reuse_port=link.reuse_port
        )
    return Assembled(bound, access.port)


async def _answers(
    runtime: Runtime,
    settings: RadiusSettings,
    metrics: RadiusMetrics,
    codec: ClassCodec,
    tables: Tables,
    *,
    link: Link,
    index: AccountIndex,
    journal: Journal,
) -> Answers:
    cui = CuiIssuer(runtime.secrets.get(CUI_KEY), monthly=settings.cui_monthly, zone=runtime.settings.zone)
    policy = PolicyRegistry(runtime.db, runtime.settings.zone, cui)
    in_force = Table("policy", InForce, policy.read, policy.take)
    await tables.follow(in_force, PolicyChanged, CuiWasReset, every_s=settings.nas_reload_s)
    spent = SpentRegistry(runtime.db)
    used_up = Table("spent", dict[str, datetime], spent.read, spent.take)
    await tables.follow(used_up, SpentChanged, every_s=settings.nas_reload_s)
    judge = Judge(Directory(runtime.secrets), policy.judge, spent.is_spent)
    authorizer = Authorizer(runtime.db, judge, runtime.clock)
    database: Group[Question, Decision] = Group(authorizer.decide_all, max_items=settings.batch_max)
    runtime.tasks.spawn("radius-decisions", database.run)
    decisions = Decisions(
        index, judge, database.submit, runtime.clock, fell_back=count_fallbacks(metrics.tally)
    )
    recorder = Recorder(journal, Digests(runtime.secrets), lambda: index.places, spent=spent.is_spent)
    replies = Replies(codec, cui, now=time.time, note=recorder.note)
    eap = build_eap(
        runtime,
        settings,
        decisions.decide,
        replies.render,
        state_prefix=bytes([link.number]),
        hand_over=link.hand_over,
    )
    counts = RingMetrics(metrics.tally, runtime.registry)
    ring = KeyRing(
        tries_max=settings.mpsk_tries_max,
        tries_per_s=settings.mpsk_tries_per_s,
        count_tries=counts.count_tries,
    )
    counts.watch(partial(len, ring))
    await keep_ring(runtime, tables, ring)
    mschap = MsChapResponder(decisions.decide, replies.render, random_octets=secrets.token_bytes)
    mpsk = MpskResponder(ring, decisions.decide, replies.render, random_octets=secrets.token_bytes)
    return Answers(decisions.decide, replies, eap=eap, others=(mschap.answer, mpsk.answer))
