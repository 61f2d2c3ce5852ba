"""Reminders: kept for people, listed, cancelled, and said when they are due."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

import structlog

from adapters.contract import Address
from bot.addresses import address_of, place_of
from bot.errors import NoReminder
from bot.outbox import Outbox
from bot.times.reading import following, read_when, shown, shown_rule
from bot.times.words import Unclear
from sessions.conversations import Conversations, mailbox_of
from sessions.models import Message, Reminder
from sessions.people import People
from sessions.reminders import Reminders
from sessions.times import stored

log = structlog.get_logger(__name__)

MOST = 100
"""Reminders to come of one person."""
LONGEST = 1000
"""Characters of what somebody is reminded of."""
LATE = timedelta(minutes=2)
"""From here on a reminder says that it is late."""
AT_ONCE = 100
"""Reminders that are said together, which share a transaction."""

FULL = f"You have {MOST} reminders already. Cancel one: /remind lists them."
SET_ZONE = "\nTimes are in UTC until you set your own zone: /settings zone Europe/Paris"


@dataclass(frozen=True)
class Coming:
    """What is said when a reminder is due, and when it comes again."""

    text: str
    next_due: datetime | None


async def _nobody() -> None:
    """Tell nobody: no alarm is set while no bot serves."""


class Reminding:
    """Keeps reminders and says them. The table is the truth: a restart forgets nothing."""

    def __init__(
        self,
        records: Reminders,
        conversations: Conversations,
        outbox: Outbox,
        people: People,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._records = records
        self._conversations = conversations
        self._outbox = outbox
        self._people = people
        self._clock = clock
        self._changed: Callable[[], Awaitable[None]] = _nobody

    @asynccontextmanager
    async def telling(self, changed: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Call this whenever another reminder may be the next, as long as the ``with`` lasts."""
        self._changed = changed
        try:
            yield
        finally:
            self._changed = _nobody

    async def remind(self, who: Address, cause: str, text: str, when: str) -> str:
        """Keep a reminder and say when it will come.

        `cause` is what it was asked for by: the same cause keeps one reminder, the first.

        Raises:
            NoReminder: with a sentence that says why none is kept.
        """
        place, what = place_of(who), text.strip()
        reminder_id = str(uuid5(NAMESPACE_OID, cause))
        person = await self._people.get(who.person)
        kept = await self._records.get(place, reminder_id)
        if kept is None:
            if not what:
                raise NoReminder("Say also what the reminder is about.")
            if len(what) > LONGEST:
                raise NoReminder(f"A reminder has at most {LONGEST} characters.")
            now = self._clock()
            try:
                found = await asyncio.to_thread(read_when, when, now, person.zone)
            except Unclear as unclear:
                raise NoReminder(str(unclear)) from unclear
            asked = Reminder(
                reminder_id, place, what, person.zone, found.rule, found.due_at, created_at=now
            )
            kept = await self._records.add(asked, most=MOST)
            if kept is None:
                raise NoReminder(FULL)
            await self._changed()
        said = await asyncio.to_thread(_kept, kept)
        is_first = kept.number == 1 and kept.due_at is not None and not person.zone
        return said + SET_ZONE if is_first else said

    async def to_come(self, who: Address) -> Sequence[str]:
        """Describe what is to come for a person; in a shared chat, what they asked for there."""
        found = await self._records.of(place_of(who), everywhere=who.direct)
        return await asyncio.to_thread(lambda: [_line(each) for each in found])

    async def cancel(self, who: Address, number: int) -> str | None:
        """Let a reminder not come, and give its text; None if there is none with this number."""
        found = await self._records.cancel(place_of(who), number, everywhere=who.direct)
        return None if found is None else found.text

    async def next_due(self) -> datetime | None:
        """Say when the next reminder of anybody is due."""
        return await self._records.next_due()

    async def look_again(self) -> None:
        """Look for what is due: somebody is not blocked any more."""
        await self._changed()

    async def say_due(self) -> None:
        """Say all reminders that are due; each once, however often it was missed."""
        now = self._clock()
        while due := await self._records.due(now, most=AT_ONCE):
            await asyncio.gather(*(self._say(each, now) for each in due))

    async def _say(self, reminder: Reminder, now: datetime) -> None:
        coming = await asyncio.to_thread(_coming, reminder, now)
        message = Message(
            id=str(uuid5(NAMESPACE_OID, f"{reminder.id}/{stored(reminder.due_at)}")),
            role="assistant",
            text=coming.text,
            place=reminder.place,
            created_at=now,
            state="written",
        )
        if await self._records.come(reminder, message, coming.next_due):
            self._conversations.news.tell(mailbox_of(reminder.place))
            self._outbox.wake(address_of(reminder.place))


def _coming(reminder: Reminder, now: datetime) -> Coming:
    """Say what is to be said now, and when it comes again."""
    due, text = reminder.due_at or now, f"Reminder: {reminder.text}"
    try:
        next_due = following(reminder.rule, due, now, reminder.zone)
        if now - due >= LATE:
            second = following(reminder.rule, due, due, reminder.zone)
            again = ", and again since" if second is not None and second <= now else ""
            text += f"\n(This is late: it was due on {shown(due, reminder.zone)}{again}.)"
    except Exception:  # a rule or zone from elsewhere must not keep the others from being said
        log.exception("a reminder cannot be read and does not come again", reminder=reminder.id)
        return Coming(text, None)
    return Coming(text, next_due)


def _kept(reminder: Reminder) -> str:
    """Confirm a reminder."""
    if reminder.due_at is None:
        return f"This reminder has come already, or was cancelled: {reminder.text}"
    at = shown(reminder.due_at, reminder.zone)
    if reminder.rule:
        every = shown_rule(reminder.rule, reminder.zone)
        return f"I will remind you {every}, first on {at}: {reminder.text}"
    return f"I will remind you on {at}: {reminder.text}"


def _line(reminder: Reminder) -> str:
    """Describe a reminder on one line."""
    at = shown(reminder.due_at, reminder.zone) if reminder.due_at else "over"
    every = f"{shown_rule(reminder.rule, reminder.zone)}, next on " if reminder.rule else ""
    return f"{reminder.number}. {every}{at}: {reminder.text}"
