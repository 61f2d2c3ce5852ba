"""What those who run the bot want to know: its figures, and its statistics."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.lanes import Lanes
from bot.metrics import Metrics
from sessions.backlog import backlog
from sessions.database import Database, DatabaseError
from sessions.report import StoreReport
from sessions.statistics import Statistics


@dataclass(frozen=True)
class Office:
    """Reads the records as a whole; nobody's words are in what it gives."""

    metrics: Metrics
    statistics: Statistics
    database: Database
    lanes: Lanes
    report: Callable[[], StoreReport]

    async def figures(self) -> bytes:
        """Give the figures as Prometheus reads them; those that cannot be read are missing."""
        try:
            waits = await backlog(self.database)
        except DatabaseError:
            waits = None
        return self.metrics.text(
            waits,
            waiting=self.lanes.all_waiting,
            sessions=self.report().sessions,
        )
