"""The names of the files around sessions.csv."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sessions.disk import Disk


@dataclass(frozen=True, slots=True)
class SessionFiles:
    """sessions.csv and its companions: they share its directory and the beginning of its name."""

    csv: Path

    @property
    def journal(self) -> Path:
        """What has changed since the CSV was written."""
        return self._beside("journal")

    @property
    def lock(self) -> Path:
        """Names the process that owns them."""
        return self._beside("lock")

    @property
    def fresh(self) -> Path:
        """The next CSV while it is written."""
        return self._beside("new")

    @property
    def aside(self) -> Path:
        """The last CSV until the next one stands."""
        return self._beside("old")

    @property
    def rejected(self) -> Path:
        """Rows that could not be served, with their reasons."""
        return self._beside("rejected")

    def is_edited(self, name: str) -> bool:
        """Say whether this is the name of a file that a person edited and nobody applied."""
        return (
            re.fullmatch(re.escape(self.csv.name) + r"\.edited-[0-9TZ]+(-\d+)?", name) is not None
        )

    def edited(self, disk: Disk, at: datetime) -> Path:
        """Return an unused name for a file that a person edited."""
        return self._unused(disk, "edited", at)

    def set_aside_journal(self, disk: Disk, at: datetime) -> Path:
        """Return an unused name for a journal that does not belong to the CSV."""
        return self._unused(disk, "journal.set-aside", at)

    def _beside(self, ending: str) -> Path:
        return self.csv.with_name(f"{self.csv.name}.{ending}")

    def _unused(self, disk: Disk, ending: str, at: datetime) -> Path:
        stem = f"{ending}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        path, number = self._beside(stem), 1
        while disk.fingerprint(path) is not None:
            number += 1
            path = self._beside(f"{stem}-{number}")
        return path
