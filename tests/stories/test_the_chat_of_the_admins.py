"""What admins have to decide stands in their chat too, and every card says how it ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.contract import Address, ApprovalRequest, ApprovalSettled, Reject
from adapters.memory import MemoryAdapter
from bot.addresses import place_of
from bot.recovery import recover
from tests.stories.clock import stopped_clock
from tests.stories.house import House, card_in, open_house
from tests.stories.unreliable import UnreliableAdapter

ANN = Address("memory", "ann", "ann")


@asynccontextmanager
async def open_office(
    home: Path, people: MemoryAdapter, desk: MemoryAdapter, approvers: str = "admins"
) -> AsyncIterator[House]:
    """Open a bot on two platforms; admins sit at the other one, in the chat `office`."""
    async with open_house(
        home,
        people=people,
        APPROVERS=f"send_message:{approvers}",
        ADMINS="desk:kim,desk:eve",
        APPROVAL_CHAT="desk:office",
    ) as house:
        house.bot.turns.outbox.connect(desk)
        async with desk.serve(house.bot.handle, house.bot.commands):
            await recover(house.bot)
            yield house


async def until_card(desk: MemoryAdapter) -> ApprovalRequest:
    for _ in range(500):
        for shown in desk.screen("office"):
            if isinstance(shown, ApprovalRequest):
                return shown
        await asyncio.sleep(0.01)
    raise AssertionError(desk.screen("office"))


async def until_ended(platform: MemoryAdapter, chat: str) -> ApprovalSettled:
    for _ in range(500):
        for shown in platform.screen(chat):
            if isinstance(shown, ApprovalSettled) and shown.ending:
                return shown
        await asyncio.sleep(0.01)
    raise AssertionError(platform.screen(chat))


async def test_what_was_asked_on_one_platform_is_decided_on_another_and_answered_on_the_first(
    tmp_path: Path,
) -> None:
    people, desk = MemoryAdapter(), MemoryAdapter("desk")
    async with open_office(tmp_path, people, desk) as house:
        asked = card_in(await people.say("ann", "send hello to me"))
        shown = await until_card(desk)
        assert shown == asked
        await desk.tap("kim", shown.approval_id, chat="office")
        await house.until_said("ann", "hello")
        for platform, chat in ((people, "ann"), (desk, "office")):
            card = await until_ended(platform, chat)
            assert card.text.startswith("Approved by Kim (desk:kim) at ")
            assert card.ending == "send_message: done."
        assert not [each for each in desk.screen("office") if isinstance(each, ApprovalRequest)]


async def test_who_decides_in_private_is_seen_on_the_card_of_the_others(tmp_path: Path) -> None:
    people, desk = MemoryAdapter(), MemoryAdapter("desk")
    async with open_office(tmp_path, people, desk):
        asked = card_in(await people.say("ann", "send hello to me"))
        await until_card(desk)
        await desk.tap("eve", asked.approval_id, Reject("not today"))
        assert (await until_ended(desk, "office")).text.startswith("Rejected by Eve (desk:eve)")
        assert (await until_ended(people, "ann")).ending == "Nothing was run."


async def test_what_the_requester_decides_does_not_bother_the_admins(tmp_path: Path) -> None:
    people, desk = MemoryAdapter(), MemoryAdapter("desk")
    async with open_office(tmp_path, people, desk, "requester"):
        asked = card_in(await people.say("ann", "send hello to me"))
        await people.tap("ann", asked.approval_id)
        await asyncio.sleep(0.05)
        assert desk.screen("office") == ()


async def test_a_request_that_is_withdrawn_is_withdrawn_there_too(tmp_path: Path) -> None:
    people, desk = MemoryAdapter(), MemoryAdapter("desk")
    async with open_office(tmp_path, people, desk):
        await people.say("ann", "send hello to me")
        await until_card(desk)
        await people.say("ann", "/cancel")
        assert (await until_ended(desk, "office")).outcome == "withdrawn"


async def test_cards_of_before_a_restart_say_how_it_ended_and_are_not_shown_again(
    tmp_path: Path,
) -> None:
    people, desk = MemoryAdapter(), MemoryAdapter("desk")
    async with open_office(tmp_path, people, desk):
        asked = card_in(await people.say("ann", "send hello to me"))
        await until_card(desk)
        await asyncio.sleep(0.05)
    async with open_office(tmp_path, people, desk):
        await asyncio.sleep(0.1)
        assert len(desk.screen("office")) == 1
        await desk.tap("kim", asked.approval_id, chat="office")
        assert (await until_ended(desk, "office")).ending
        assert (await until_ended(people, "ann")).ending


async def test_a_card_that_a_crash_kept_from_being_told_is_told_after_the_restart(
    tmp_path: Path,
) -> None:
    people, desk = MemoryAdapter(), MemoryAdapter("desk")
    async with open_office(tmp_path, people, desk) as house:
        asked = card_in(await people.say("ann", "send hello to me"))
        request = await until_card(desk)
        await people.tap("ann", asked.approval_id)  # not hers to decide
        await desk.tap("kim", asked.approval_id, chat="office")
        await until_ended(desk, "office")
        await asyncio.sleep(0.05)
        # As a kill leaves it that came before the card was seen to say it.
        (part,) = [part for part, shown in desk._screens["office", ""].items() if _is_card(shown)]
        desk._screens["office", ""][part] = request
        office = await house.bot.approvals.records.get(asked.approval_id)
        assert office is not None
        chat = place_of(desk.address("", "office"))
        await house.bot.conversations.cards.add(asked.approval_id, chat)
    async with open_office(tmp_path, people, desk):
        assert (await until_ended(desk, "office")).ending == "send_message: done."


async def test_a_card_that_its_platform_did_not_take_is_shown_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = stopped_clock(monkeypatch)
    people = UnreliableAdapter(lambda _: None)
    async with open_house(tmp_path, people=people) as house:
        asked = card_in(await people.say("ann", "send hello to me"))
        # As a platform leaves it that was away for long: no card, and it knows so.
        people._screens["ann", ""].clear()
        await house.bot.conversations.cards.forget(asked.approval_id, place_of(ANN))
        await house.bot.turns.board.catch_up()
        await asyncio.sleep(0.05)
        assert people.screen("ann") == (), "its turn may be showing it just now"
        clock.passes(minutes=16)
        await house.bot.turns.board.catch_up()
        assert await house.eventually("ann", ApprovalRequest) == asked
        await asyncio.sleep(0.05)
        await house.bot.turns.board.catch_up()
        await asyncio.sleep(0.05)
        assert people.screen("ann") == (asked,)


def _is_card(shown: object) -> bool:
    return isinstance(shown, ApprovalSettled | ApprovalRequest)
