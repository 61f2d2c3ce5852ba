"""What one person may use, and how they are told when it is too much."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import structlog

from adapters.contract import Refused
from bot.addresses import address_of
from bot.agent.context import TurnContext
from bot.pace import Pace
from bot.slots import Slots, lasting
from sessions.models import Message
from sessions.people import People
from sessions.usage import Usage

log = structlog.get_logger(__name__)

BLOCKED = "I am sorry, but I do not answer you here. The operator of this bot can change that."
NO_TEXT = "There is no text in your message, and I read nothing else."


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """How much is too much. 0 is no limit for messages a minute and tokens a day."""

    messages_per_minute: int = 20
    tokens_per_day: int = 0
    concurrent_turns: int = 16
    turn_seconds: float = 600
    message_chars: int = 8000


class Limits:
    """Says who may speak, ask and decide. Each refusal says after which time it will work."""

    def __init__(
        self,
        options: LimitOptions,
        people: People,
        usage: Usage,
        *,
        clock: Callable[[], datetime],
        ticks: Callable[[], float],
    ) -> None:
        self.options = options
        self.usage = usage
        self.slots = Slots(options.concurrent_turns, options.turn_seconds)
        self._pace = Pace(options.messages_per_minute, ticks=ticks)
        self._clock = clock
        self._people = people
        self._told: dict[str, date] = {}
        self._adding: set[asyncio.Task[None]] = set()

    async def may_speak(self, row: Message, *, always: bool, pushes: bool) -> Refused | None:
        """Say why a message is not taken, or None. `always` is for what is never too fast.

        A refusal without a text is not told. Where the platform `pushes`, a blocked person is
        told once a day; elsewhere a request waits for an answer, and gets one.
        """
        person = address_of(row.place).person
        if await self._is_blocked(person):
            told = pushes and self._told.get(person) == self.today()
            self._told[person] = self.today()
            return Refused("blocked", "" if told else BLOCKED)
        if not always and (wait := self._pace.take(person)):
            most = self.options.messages_per_minute
            return Refused(
                "busy",
                f"That is too fast for me: {most} messages a minute are the most. "
                f"Send this again in {lasting(wait.total_seconds())}.",
                retry_after=wait.total_seconds(),
            )
        if not row.text.strip() and not row.files:
            return Refused("misshapen", NO_TEXT)
        if len(row.text) > self.options.message_chars:
            return Refused(
                "misshapen",
                f"Your message has {len(row.text)} characters, and I read at most "
                f"{self.options.message_chars}. Send it in parts.",
            )
        return None

    async def may_decide(self, person: str) -> Refused | None:
        """Say why somebody may not decide about anything, or None."""
        return Refused("blocked", BLOCKED) if await self._is_blocked(person) else None

    async def may_ask(self, row: Message) -> Refused | None:
        """Say why a text is not put to the agent, also if it has waited since it was taken."""
        person = address_of(row.place).person
        if await self._is_blocked(person):
            return Refused("blocked", BLOCKED)
        most, today = self.options.tokens_per_day, self.today()
        if not most:
            return None
        used = await self.usage.since(person, today)
        if used.get(today, 0) < most:
            return None
        again = self.renewed_at()
        return Refused(
            "busy",
            f"You have used up your {most:,} tokens of today. "
            f"Write again after {again:%Y-%m-%d %H:%M} UTC.",
            retry_after=(again - self._clock()).total_seconds(),
        )

    def spend(self, turn: TurnContext, tokens: int) -> None:
        """Note what one call of the model used; nobody waits for the disk."""
        adding = self.usage.add(turn.person.person, self.today(), tokens)
        task = asyncio.create_task(adding, name="usage")
        self._adding.add(task)
        task.add_done_callback(self._added)

    async def _is_blocked(self, person: str) -> bool:
        return (await self._people.get(person)).blocked_at is not None

    def today(self) -> date:
        """Give the day that is counted now, in UTC."""
        return self._clock().astimezone(UTC).date()

    def renewed_at(self) -> datetime:
        """Say when the next day begins."""
        return datetime.combine(self.today() + timedelta(days=1), time(), UTC)

    async def close(self) -> None:
        """Wait until what was used is on disk."""
        await asyncio.gather(*self._adding, return_exceptions=True)

    def _added(self, task: "asyncio.Task[None]") -> None:
        self._adding.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("what a turn used was not counted", exc_info=error)
