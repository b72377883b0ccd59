"""Accounting packets into the journal; each is answered once it is safe. Reads nothing of them."""

import asyncio

from radius.journal.writer import Journal
from radius.protocol.connection import RequestReceived
from radius.reply import Answer


class Acknowledger:
    """The accounting port's answers.

    Args:
        journal: this process's; its confirmation is `ACCOUNTED`.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def answer(self, request: RequestReceived) -> asyncio.Future[Answer]:
        """Answer an Accounting-Request once it is synced to disk, by one future for all of a group.

        Raises (from the future):
            NotStoredError: it is not, and must not be acknowledged.
        """
        return self._journal.append_accounting(request.client.id, request.source[0], request.data)
