"""Cards: approve, reject with a reason, edit in a form, pick one by one, also after a restart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import simcord

from adapters.contract import (
    Action,
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Approve,
    Edit,
    Refused,
    Reject,
)
from adapters.discord.adapter import DiscordAdapter
from adapters.discord.buttons import card_buttons
from adapters.discord.options import DiscordOptions
from tests.adapters.discord.scene import Bot
from tests.adapters.receiving import MemoryReception

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ONE = ApprovalRequest("k7m2xw4hq9tbnd", (Action("send", {"to": "bob", "copies": 2}),), NOON)
TWO = ApprovalRequest(
    "q2m2xw4hq9tbnz", (Action("send", {"to": "bob"}), Action("ring", {"bell": "big"})), NOON
)
SETTLED = ApprovalSettled(ONE.approval_id, "approved", "discord:1", NOON, "Approved by ann")


class Desk:
    """A person in front of Discord, and the bot behind it; the bot can be started anew."""

    def __init__(self, env: simcord.Env, bot: Bot) -> None:
        self.env = env
        self.bot = bot
        self.ann = env.create_user("ann")

    async def card(self, text: str) -> simcord.ResponseMessage:
        await self.ann.send_dm(text)
        return self.last

    @property
    def last(self) -> simcord.ResponseMessage:
        found = self.ann.dm_channel.last_message
        assert found is not None
        return found  # type: ignore[return-value] # a message as the person sees it

    @property
    def texts(self) -> list[str]:
        return [message.content for message in self.ann.dm_channel.history()]


@asynccontextmanager
async def listening(bot: Bot) -> AsyncIterator[DiscordAdapter]:
    adapter = DiscordAdapter(DiscordOptions("token"), MemoryReception(ONE, TWO))
    async with adapter.listening(bot.handle, ()):
        yield adapter


def client_of(adapter: DiscordAdapter) -> simcord.Env:
    return adapter._service.client  # type: ignore[union-attr,return-value]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    bot = Bot()
    bot.says["one"] = (ONE,)
    bot.says["two"] = (TWO,)
    bot.decides = (SETTLED, Answer("a", "It is sent."))
    async with listening(bot) as adapter:
        env = simcord.Env(client_of(adapter))  # type: ignore[arg-type]
        await env.start()
        yield Desk(env, bot)
        await env.shutdown()
        env.raise_errors()


@asynccontextmanager
async def restarted(desk: Desk) -> AsyncIterator[None]:
    """Let a new process take over: nothing that was in memory is there."""
    async with listening(desk.bot) as adapter:
        await desk.env.restart_bot(client_of(adapter))  # type: ignore[arg-type]
        yield


async def test_approving_puts_the_outcome_in_the_place_of_the_card(desk: Desk) -> None:
    card = await desk.card("one")
    await desk.ann.click(card, label="Approve")
    (decision,) = desk.bot.decided
    assert decision.verdicts == (Approve(),)
    assert desk.texts == ["one", "Approved by ann", "It is sent."]
    assert not desk.ann.dm_channel.history()[1].components


async def test_approving_for_the_session_says_so(desk: Desk) -> None:
    await desk.ann.click(await desk.card("one"), label="Approve for this session")
    assert desk.bot.decided[0].verdicts == (Approve(for_session=True),)


async def test_rejecting_asks_why(desk: Desk) -> None:
    form = await desk.ann.click(await desk.card("one"), label="Reject")
    await desk.ann.submit_modal(form, {"reason": " too dear "})
    assert desk.bot.decided[0].verdicts == (Reject("too dear"),)


async def test_editing_has_a_field_for_each_argument(desk: Desk) -> None:
    form = await desk.ann.click(await desk.card("one"), label="Edit")
    await desk.ann.submit_modal(form, {"text:to": "eve", "json:copies": "3"})
    assert desk.bot.decided[0].verdicts == (Edit({"to": "eve", "copies": 3}),)


async def test_a_form_that_changes_nothing_approves(desk: Desk) -> None:
    form = await desk.ann.click(await desk.card("one"), label="Edit")
    await desk.ann.submit_modal(form, {"text:to": "bob", "json:copies": "2"})
    assert desk.bot.decided[0].verdicts == (Approve(),)


async def test_what_is_no_json_is_told_in_place_and_the_form_opens_again_as_it_was(
    desk: Desk,
) -> None:
    form = await desk.ann.click(await desk.card("one"), label="Edit")
    told = await desk.ann.submit_modal(form, {"text:to": "eve", "json:copies": "many"})
    assert desk.bot.decided == []
    (whisper,) = told.followups
    assert whisper.ephemeral
    assert "copies is not written as JSON" in whisper.content
    again = await desk.ann.click(whisper, label="Edit again")
    assert again.modal is not None
    assert '"many"' in str(again.modal).replace("'", '"')
    await desk.ann.submit_modal(again, {"text:to": "eve", "json:copies": "3"})
    assert desk.bot.decided[0].verdicts == (Edit({"to": "eve", "copies": 3}),)


async def test_arguments_that_the_tool_does_not_take_are_told_in_place(desk: Desk) -> None:
    desk.bot.decides = (Refused("misshapen", "copies must be at most 5"),)
    form = await desk.ann.click(await desk.card("one"), label="Edit")
    told = await desk.ann.submit_modal(form, {"text:to": "bob", "json:copies": "50"})
    (whisper,) = told.followups
    assert whisper.ephemeral
    assert whisper.content.startswith("copies must be at most 5")
    assert desk.texts[-1].startswith("**This asks first.**")


async def test_the_wrong_person_is_told_so_alone_and_the_card_stays(desk: Desk) -> None:
    desk.bot.decides = (Refused("not_yours", "Only who asked may decide this."),)
    told = await desk.ann.click(await desk.card("one"), label="Approve")
    (whisper,) = told.followups
    assert whisper.ephemeral
    assert whisper.content == "Only who asked may decide this."
    assert desk.last.components


async def test_a_late_tap_is_told_how_it_ended_and_the_card_says_it_too(desk: Desk) -> None:
    desk.bot.decides = (Refused("settled", "This is decided already.", SETTLED),)
    told = await desk.ann.click(await desk.card("one"), label="Approve")
    assert told.followups[0].content == "This is decided already."
    assert desk.texts[-1] == "Approved by ann"


async def test_several_actions_are_picked_one_by_one(desk: Desk) -> None:
    card = await desk.card("two")
    await desk.ann.click(card, label="Approve 1")
    assert desk.texts[-1].endswith("Picked: 1 ✓ 2 ?")
    await desk.ann.click(desk.last, label="Start over")
    assert desk.texts[-1].endswith("Picked: 1 ? 2 ?")
    await desk.ann.click(desk.last, label="Approve 1")
    await desk.ann.click(desk.last, label="Reject 2")
    assert desk.bot.decided == []
    await desk.ann.click(desk.last, label="Decide as picked")
    assert desk.bot.decided[0].verdicts == (Approve(), Reject())


async def test_several_actions_are_edited_as_json(desk: Desk) -> None:
    form = await desk.ann.click(await desk.card("two"), label="Edit")
    values = {"action:1": '{"to": "bob"}', "action:2": '{"bell": "small"}'}
    await desk.ann.submit_modal(form, values)
    assert desk.bot.decided[0].verdicts == (Approve(), Edit({"bell": "small"}))


async def test_a_card_from_before_a_restart_works(desk: Desk) -> None:
    card = await desk.card("one")
    async with restarted(desk):
        await desk.ann.click(card, label="Approve")
        assert desk.bot.decided[0].verdicts == (Approve(),)
        assert desk.texts[1] == "Approved by ann"


async def test_a_form_from_before_a_restart_works(desk: Desk) -> None:
    form = await desk.ann.click(await desk.card("one"), label="Reject")
    async with restarted(desk):
        await desk.ann.submit_modal(form, {"reason": "no"})
        assert desk.bot.decided[0].verdicts == (Reject("no"),)


async def test_what_is_no_longer_open_cannot_be_edited(desk: Desk) -> None:
    gone = ApprovalRequest("gone2xw4hq9tbn", ONE.actions, NOON)
    desk.bot.says["gone"] = (gone,)
    told = await desk.ann.click(await desk.card("gone"), label="Edit")
    assert told.modal is None
    assert told.response is not None
    assert "no longer open" in told.response.content


def test_what_has_no_arguments_cannot_be_edited() -> None:
    bare = ApprovalRequest("k7m2xw4hq9tbnd", (Action("forget_notes", {}, "Delete all."),), NOON)
    labels = [getattr(item, "label", "") or item.item.label for item in card_buttons(bare).children]  # type: ignore[attr-defined] # dynamic buttons
    assert labels == ["Approve", "Reject", "Approve for this session"]
