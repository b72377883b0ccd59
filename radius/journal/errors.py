"""Why accounting could not be made safe; nothing else. Such a record is not acknowledged."""

from enum import StrEnum


class NotStored(StrEnum):
    """Reasons; a closed set, because it is a metric label."""

    FULL = "journal-full"
    """The journals have reached `journal_max_mb`: the database has not kept up, or is away."""
    DISK_FULL = "disk-full"
    DISK_ERROR = "disk-error"
    CLOSED = "closed"
    """The process ends."""


HINTS = {
    NotStored.FULL: "the database is away or too slow; see that it runs, or raise radius.journal_max_mb",
    NotStored.DISK_FULL: "make room on the disk of the data directory; accounting goes on by itself",
    NotStored.DISK_ERROR: "look at the kernel's log and the disk of the data directory",
    NotStored.CLOSED: "the NAS sends it again",
}
"""What an engineer does about it."""


class NotStoredError(Exception):
    """A record is not on disk; its NAS must hear nothing, and will send it again."""

    def __init__(self, reason: NotStored) -> None:
        super().__init__(f"{reason.value}: {HINTS[reason]}")
        self.reason = reason
