"""What every platform does: a class to inherit, with the person's side of the platform filled in.

A platform's tests say how a person of it speaks (`say`), taps (`tap`), and what they see
(`screen`, as texts, oldest first). The handler behind it is a small script, a real one: the
contract is one callable.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from adapters.contract import (
    Accepted,
    Action,
    Address,
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Decision,
    Failure,
    Held,
    IncomingMessage,
    Notice,
    Refused,
    Reply,
    TextDelta,
)
from adapters.platform import Adapter

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CARD = ApprovalRequest("k7m2xw4hq9tbnd", (Action("ring", {"bell": "big"}, "Ring it"),), NOON)
SETTLED = ApprovalSettled(CARD.approval_id, "approved", "memory:ann", NOON, "Approved by ann")
SAID: dict[str, tuple[Reply, ...]] = {
    "hello": (
        Accepted("m", "s", "t"),
        TextDelta("Good "),
        TextDelta("morn"),
        Answer("a", "Good morning."),
    ),
    "ring": (Accepted("m", "s", "t"), CARD),
    "note": (Held("m", (CARD,), "This waits for ring."),),
    "again": (Refused("settled", "This is decided already.", SETTLED),),
    "break": (TextDelta("Half a sen"), Failure("The model failed.", "ref42")),
    "/help": (Notice("There is help.", ("/new",)),),
}


class Said:
    """Replies as a turn gives them; what was noted as shown is in `parts`."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = iter(replies)
        self.parts: list[str] = []

    def __aiter__(self) -> "Said":
        return self

    async def __anext__(self) -> Reply:
        for reply in self._replies:
            return reply
        raise StopAsyncIteration

    async def shown(self, part: str, of: str = "") -> None:
        if not of:
            self.parts.append(part)


class Script:
    """A handler that says what is written above, and notes what it was sent."""

    def __init__(self) -> None:
        self.seen: list[IncomingMessage | Decision] = []

    @asynccontextmanager
    async def __call__(self, inbound: IncomingMessage | Decision) -> AsyncIterator[Said]:
        self.seen.append(inbound)
        if isinstance(inbound, Decision):
            yield Said(SETTLED, Answer("a", "It rang."))
        else:
            yield Said(*SAID[inbound.text])


class Person(ABC):
    """Somebody on a platform, in their direct chat."""

    adapter: Adapter
    script: Script

    @abstractmethod
    async def say(self, text: str) -> None:
        """Send a text and wait until the platform is at rest."""

    @abstractmethod
    async def tap(self, approval_id: str) -> None:
        """Tap Approve on a card."""

    @abstractmethod
    def screen(self) -> Sequence[str]:
        """Give what is to be read in the chat."""

    @abstractmethod
    def address(self) -> Address:
        """Give the address under which the platform knows them."""


class AdapterConformance:
    """Inherit it, and give a fixture `person`."""

    async def test_a_text_arrives_with_who_where_and_when(self, person: Person) -> None:
        await person.say("hello")
        (message,) = person.script.seen
        assert isinstance(message, IncomingMessage)
        assert message.sender == person.address()
        assert message.sender.platform == person.adapter.name
        assert message.sender.direct
        assert message.message_id
        assert message.sent_at.tzinfo is not None

    async def test_every_message_has_an_id_of_its_own(self, person: Person) -> None:
        await person.say("hello")
        await person.say("hello")
        ids = [m.message_id for m in person.script.seen if isinstance(m, IncomingMessage)]
        assert len(set(ids)) == 2

    async def test_the_answer_takes_the_place_of_the_preview(self, person: Person) -> None:
        await person.say("hello")
        assert "\n".join(person.screen()).count("Good morn") == 1
        assert person.screen()[-1] == "Good morning."

    async def test_a_card_says_what_would_run_with_which_arguments(self, person: Person) -> None:
        await person.say("ring")
        card = person.screen()[-1]
        assert "ring" in card
        assert "big" in card

    async def test_a_tap_is_a_decision_and_the_card_says_the_outcome(self, person: Person) -> None:
        await person.say("ring")
        await person.tap(CARD.approval_id)
        decision = person.script.seen[-1]
        assert isinstance(decision, Decision)
        assert decision.approval_id == CARD.approval_id
        assert decision.sender.person == person.address().person
        shown = "\n".join(person.screen())
        assert "Approved by ann" in shown
        assert "It rang." in shown
        assert "big" not in shown, "the card still stands as if it were open"

    async def test_what_is_held_refused_failed_or_noticed_is_said(self, person: Person) -> None:
        for text, expected in (
            ("note", "This waits for ring."),
            ("again", "This is decided already."),
            ("break", "ref42"),
            ("/help", "There is help."),
        ):
            await person.say(text)
            assert expected in person.screen()[-1]

    async def test_what_is_pushed_is_shown_too(self, person: Person) -> None:
        await person.adapter.deliver(person.address(), Said(Answer("b", "Later.")))
        assert person.screen()[-1] == "Later."
