"""How long backups keep words that people have deleted."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

UNTIL_REMOVED = "backups that were made before keep the words until those who run me delete them"
NIGHT = timedelta(days=1)
"""Backups that are old enough go with the next nightly one."""


@dataclass(frozen=True, slots=True)
class Archives:
    """For how long a backup is kept; None: until somebody deletes it by hand."""

    kept: timedelta | None

    def last_day(self, deleted_at: datetime) -> date | None:
        """Say on which day the last backup goes that has words which are deleted at a time."""
        return None if self.kept is None else (deleted_at + self.kept + NIGHT).date()

    def sentence(self, deleted_at: datetime, zone: tzinfo) -> str:
        """Say until when backups keep them, as a part of a sentence."""
        last = self.last_day(deleted_at.astimezone(zone))
        if self.kept is None or last is None:
            return UNTIL_REMOVED
        return (
            f"backups that were made before keep the words until {last} at the latest "
            f"({self.kept.days} days, and the night after)"
        )
