"""The policy in force, as of the last reading: what each process judges by. Holds no rules of its own."""

from datetime import tzinfo

from controller.core.db import Database
from controller.core.errors import InvalidInputError
from controller.core.log import get_logger
from radius.cui import CuiIssuer
from radius.policy import repository
from radius.policy.engine import Engine
from radius.policy.rules import Facts, Policy, Verdict
from radius.policy.service import of_revision

LOG_LOADED = "radius.policy_loaded"
LOG_UNREADABLE = "radius.policy_unreadable"

_log = get_logger(__name__)


class PolicyRegistry:
    """See the module.

    Args:
        db: the database.
        zone: the city's time zone.
        cui: told which accounts have changed their identity.
    """

    def __init__(self, db: Database, zone: tzinfo, cui: CuiIssuer | None = None) -> None:
        self._db = db
        self._zone = zone
        self._cui = cui
        self.engine = Engine(Policy(), zone)

    def judge(self, now_s: float, facts: Facts) -> Verdict:
        """Return the verdict on one question at a moment in Unix seconds."""
        return self.engine.judge(now_s, facts)

    async def read(self) -> repository.InForce:
        """Return what is in force by the database."""
        async with self._db.reading() as tx:
            newest = await repository.find_newest(tx)
            return repository.InForce(newest, await repository.list_cui_resets(tx))

    def take(self, reading: repository.InForce) -> None:
        """Judge by a reading from now on."""
        newest = reading.newest
        if self._cui is not None:
            self._cui.set_resets(reading.cui_resets)
        if newest is None or newest.id == self.engine.policy.revision:
            return
        try:
            policy = of_revision(newest)
        except InvalidInputError:  # of a newer program, which knows more words
            _log.exception(LOG_UNREADABLE, revision=newest.id)
            return
        self.engine = Engine(policy, self._zone)
        _log.info(LOG_LOADED, revision=policy.revision, rules=len(policy.rules))
