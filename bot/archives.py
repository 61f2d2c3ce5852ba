"""How long backups and exports keep words that people have deleted."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

MADE_BEFORE = "backups and exports that were made before keep the words until"
UNTIL_REMOVED = f"{MADE_BEFORE} those who run me delete them"
NIGHT = timedelta(days=1)
"""Backups that are old enough go with the next nightly one."""


@dataclass(frozen=True, slots=True)
class Archives:
    """For how long a backup or an export is kept; None: until somebody deletes it by hand."""

    kept: timedelta | None

    def last_day(self, deleted_at: datetime) -> date | None:
        """Say on which day the last one goes that has words which are deleted at a time."""
        return None if self.kept is None else (deleted_at + self.kept + NIGHT).date()

    def sentence(self, deleted_at: datetime, zone: tzinfo) -> str:
        """Say until when they keep them, as a part of a sentence."""
        last = self.last_day(deleted_at.astimezone(zone))
        if self.kept is None or last is None:
            return UNTIL_REMOVED
        return f"{MADE_BEFORE} {last} at the latest ({self.kept.days} days, and the night after)"
