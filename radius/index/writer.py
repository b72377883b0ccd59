"""Writes the account index. Each method is one transaction and blocks; knows no database and no events.

Only one process writes, and all its calls come from one thread.
"""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import lmdb
import msgspec

from radius.index.entries import (
    NOTHING_KNOWN,
    SCHEMA,
    SETTLED,
    SETTLED_KEY,
    STATE_KEY,
    TABLES,
    Settled,
    decode_state,
    encode,
)
from radius.index.environment import Environment, explain_failure, move_aside, note_closed, open_writer

Change = tuple[bytes, bytes, bytes | None]
"""A table, a key, and its encoded entry; None: it shall not be there."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many entries were put there, and how many removed."""

    put: int
    removed: int


_NOTHING: Final[frozenset[tuple[bytes, bytes]]] = frozenset()


class IndexWriter:
    """The one writer.

    Args:
        path: the directory of the environment.
        key_check: of the keys in use; an index with other keys is emptied.
        map_bytes: how large it may become.

    Attributes:
        state: as it is stored.
        environment: open, or None.
    """

    def __init__(self, path: Path, key_check: bytes, *, map_bytes: int) -> None:
        self.path = path
        self.state = NOTHING_KNOWN
        self.environment: Environment | None = None
        self._key_check = key_check
        self._map_bytes = map_bytes

    def open(self) -> None:
        """Open or create the index; a damaged one is moved aside, a foreign one emptied.

        Raises:
            UnavailableError: it cannot be written; the hint says what to do.
        """
        self.environment = open_writer(self.path, map_bytes=self._map_bytes)
        with self.environment.lmdb.begin() as tx:
            stored = tx.get(STATE_KEY, None, self.environment.tables[SETTLED])
        try:
            state = NOTHING_KNOWN if stored is None else decode_state(stored)
        except msgspec.MsgspecError:
            state = NOTHING_KNOWN
        if (state.schema, state.key_check) == (SCHEMA, self._key_check):
            self.state = state
        else:
            self._empty()

    def apply(
        self,
        changes: Sequence[Change],
        *,
        settled: Settled | None = None,
        but: Collection[tuple[bytes, bytes]] = _NOTHING,
        **state: Any,
    ) -> Written:
        """Make changes, and set fields of the state; on the disk when it returns.

        Args:
            changes: at most one of a key.
            settled: plans and places, if they changed.
            but: (table, key) to leave as they are.
            state: fields of `State`.

        Raises:
            UnavailableError: it cannot be written; the hint says what to do.
        """
        environment = self._opened()
        put = removed = 0
        if settled is not None:
            state["settled"] = self.state.settled + 1
        new = msgspec.structs.replace(self.state, **state) if state else self.state
        try:
            with environment.lmdb.begin(write=True) as tx:
                wanted = [change for change in changes if change[:2] not in but] if but else changes
                for table, group in groupby(sorted(wanted), itemgetter(0)):
                    made = _change(tx, environment.tables[table], list(group))
                    put, removed = put + made.put, removed + made.removed
                if settled is not None:
                    tx.put(SETTLED_KEY, encode(settled), db=environment.tables[SETTLED])
                if new is not self.state:
                    tx.put(STATE_KEY, encode(new), db=environment.tables[SETTLED])
        except (lmdb.Error, OSError) as error:
            raise explain_failure(error, self.path) from error
        self.state = new
        return Written(put, removed)

    def count(self, table: bytes) -> int:
        """Return the number of entries of a table, 0 if the index is not open."""
        if self.environment is None:
            return 0
        try:
            with self.environment.lmdb.begin() as tx:
                return tx.stat(self.environment.tables[table])["entries"]
        except lmdb.Error:
            return 0  # it is just being closed

    def close(self) -> None:
        """Close the index, all of it on the disk."""
        if self.environment is not None:
            try:
                self.environment.lmdb.sync(True)
            except lmdb.Error as error:
                raise explain_failure(error, self.path) from error
            finally:
                self.abandon()
            note_closed(self.path)

    def abandon(self) -> None:
        """Close the index as it is."""
        if self.environment is not None:
            self.environment.close()
        self.environment, self.state = None, NOTHING_KNOWN

    def discard(self, *, damaged: bool) -> None:
        """Close the index and take it out of everybody's way: it is damaged, or cannot be kept in step."""
        self.abandon()
        if damaged and self.path.exists():
            move_aside(self.path)
        shutil.rmtree(self.path, ignore_errors=True)

    def forget_readers(self) -> None:
        """Free the places of readers that were killed: they would keep old pages from being used again."""
        self._opened().lmdb.reader_check()

    def _opened(self) -> Environment:
        if self.environment is None:
            raise explain_failure(OSError("it is not open"), self.path)
        return self.environment

    def _empty(self) -> None:
        environment = self._opened()
        try:
            with environment.lmdb.begin(write=True) as tx:
                for table in (*TABLES, SETTLED):
                    tx.drop(environment.tables[table], delete=False)
        except lmdb.Error as error:
            raise explain_failure(error, self.path) from error
        self.state = NOTHING_KNOWN
        self.apply((), key_check=self._key_check, hits=True)


def _change(tx: lmdb.Transaction, table: Any, changes: Sequence[Change]) -> Written:
    """Make changes of one table, in the order of their keys."""
    puts = [(key, value) for _, key, value in changes if value is not None]
    if len(puts) < len(changes):
        for _, key, value in changes:
            if value is None:
                tx.delete(key, db=table)
    if puts:
        cursor = tx.cursor(table)
        append = not cursor.last() or bytes(cursor.key()) < puts[0][0]
        cursor.putmulti(puts, append=append)
    return Written(len(puts), len(changes) - len(puts))
