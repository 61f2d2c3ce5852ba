"""Figures for Prometheus: what has happened since the start, and what waits now."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from adapters.contract import TextDelta
from bot.agent.events import Event, Finished, Parked
from sessions.backlog import Backlog

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)

TURN_ENDS = ("answered", "stopped", "parked", "failed", "cut_off")
INBOX_STATES = ("received", "running", "parked", "held")
SIDES = {"user": "inbox", "assistant": "outbox"}


class Metrics:
    """The figures of one bot; nothing of them is global. They hold nobody's id and no words."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.registry = CollectorRegistry()
        self._turns = self._counter("turns", "Runs of the agent, by how they ended.", "outcome")
        self._running = self._gauge("turns_running", "Runs of the agent right now.")
        self._first_token = self._histogram(
            "first_token_seconds", "From the begin of a run to its first text.", SECONDS
        )
        self._seconds = self._histogram("turn_seconds", "From the begin to the end.", SECONDS)
        self._approvals = self._counter("approvals", "Approvals that ended, by how.", "outcome")
        self._tokens = self._counter("tokens", "Tokens that models have read and written.")
        self._journal = self._histogram(
            "journal_batch_size", "Changes of sessions that shared one write.", SIZES
        )
        self._transactions = self._histogram(
            "transaction_batch_size", "Writes of conversations that shared one transaction.", SIZES
        )
        self._waiting = self._gauge("waiting_messages", "Messages that wait for their turn.")
        self._sessions = self._gauge("sessions", "Live sessions.")
        self._open = self._gauge("approvals_open", "Approvals that wait for a decision.")
        self._inbox = self._gauge(
            "inbox_messages", "People's messages that have not ended.", "state"
        )
        self._inbox_age = self._gauge("inbox_age_seconds", "Age of the oldest of them.", "state")
        self._outbox = self._gauge(
            "outbox_messages", "The bot's messages that were not shown.", "platform"
        )
        self._outbox_age = self._gauge(
            "outbox_age_seconds", "Age of the oldest of them.", "platform"
        )
        self._dead = self._gauge("dead_letters", "Messages that are not tried any more.", "side")
        for (
            outcome
        ) in TURN_ENDS:  # a figure that is not there until something happens alarms nobody
            self._turns.labels(outcome)

    async def watch(self, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        """Count a run of the agent and take its times, while its events pass through."""
        began = perf_counter()
        outcome, spoke = "failed", False
        self._running.inc()
        try:
            async for event in events:
                match event:
                    case TextDelta() if not spoke:
                        spoke = True
                        self._first_token.observe(perf_counter() - began)
                    case Finished(stopped=stopped):
                        outcome = "stopped" if stopped else "answered"
                    case Parked():
                        outcome = "parked"
                    case _:
                        pass
                yield event
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cut_off"
            raise
        finally:
            self._running.dec()
            self._turns.labels(outcome).inc()
            self._seconds.observe(perf_counter() - began)

    def decided(self, outcome: str) -> None:
        """Count an approval that has ended."""
        self._approvals.labels(outcome).inc()

    def spent(self, tokens: int) -> None:
        """Count what a call of a model used."""
        self._tokens.inc(tokens)

    def journal_batch(self, size: int) -> None:
        """Note how many changes of sessions shared one write."""
        self._journal.observe(size)

    def transaction_batch(self, size: int) -> None:
        """Note how many writes of conversations shared one transaction."""
        self._transactions.observe(size)

    def text(self, backlog: Backlog | None, *, waiting: int, sessions: int) -> bytes:
        """Write all figures down; what waits is given, as it is now, if it can be read."""
        self._waiting.set(waiting)
        self._sessions.set(sessions)
        self._open.set(backlog.open_approvals if backlog else math.nan)
        for gauge in (self._inbox, self._inbox_age, self._outbox, self._outbox_age, self._dead):
            gauge.clear()
        if backlog:
            self._count(backlog, self._clock())
        return generate_latest(self.registry)

    def _count(self, backlog: Backlog, now: datetime) -> None:
        for state in INBOX_STATES:
            queue = backlog.inbox.get(state)
            self._inbox.labels(state).set(queue.many if queue else 0)
            self._inbox_age.labels(state).set(queue.age(now) if queue else 0)
        for platform, queue in backlog.outbox.items():
            self._outbox.labels(platform).set(queue.many)
            self._outbox_age.labels(platform).set(queue.age(now))
        for role, side in SIDES.items():
            self._dead.labels(side).set(backlog.dead.get(role, 0))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"threadline_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"threadline_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"threadline_{name}", text, buckets=buckets, registry=self.registry)
