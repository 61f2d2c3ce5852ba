"""Somebody asks on Discord, a card comes, and what they decide there is what happens."""

import signal
from pathlib import Path

import pytest

from tests.emulators.discord.server import discord_server
from tests.faults.process import process
from tests.stories.on_discord import on_discord

APPROVE, SESSION = "Approve", "Approve for this session"


@pytest.mark.timeout(120)
async def test_a_card_survives_kill_9_and_a_tap_on_it_runs_the_action_once(tmp_path: Path) -> None:
    async with on_discord(tmp_path) as scene:
        discord, ann, chat = scene.discord, scene.ann, scene.chat
        discord.say(chat, ann, "send hello to me")
        card = await scene.card()
        assert card.buttons == [APPROVE, "Reject", "Edit", SESSION]
        assert "text: hello" in card.text
        await scene.bot.end(signal.SIGKILL)
        await scene.bot.start()
        discord.click(card, APPROVE, ann)
        discord.click_custom(card, f"{_id_of(card.components)}:approve", ann)  # a hasty second tap
        await scene.until_said("Your message to me is on its way.")
        await scene.until_said("hello")
        await discord.until(lambda: card.text.startswith("Approved by"))
        assert card.buttons == []
        assert chat.texts.count("hello") == 1
        assert chat.texts.count("Your message to me is on its way.") == 1


@pytest.mark.timeout(120)
async def test_an_action_is_edited_in_a_form_before_it_runs(tmp_path: Path) -> None:
    async with on_discord(tmp_path) as scene:
        discord, ann = scene.discord, scene.ann
        discord.say(scene.chat, ann, "send hello to me")
        card = await scene.card()
        opened = discord.click(card, "Edit", ann)
        await discord.until(lambda: opened.modal)
        assert opened.modal is not None
        assert [field["value"] for field in opened.modal.inputs] == ["hello", "me"] or (
            [field["value"] for field in opened.modal.inputs] == ["me", "hello"]
        )
        discord.submit(opened.modal, {"text": "good day"}, ann)
        await scene.until_said("good day")
        await discord.until(lambda: card.text.startswith("Edited by"))
        assert "hello" not in scene.chat.texts


@pytest.mark.timeout(120)
async def test_a_rejection_says_why_and_a_stranger_may_not_decide(tmp_path: Path) -> None:
    async with on_discord(tmp_path) as scene:
        discord, ann = scene.discord, scene.ann
        eve = discord.user("eve")
        general = discord.channel(discord.guild("Workshop", (ann, eve)), "general")
        discord.say(general, ann, "send hello to me", mention=True)
        await discord.until(lambda: any(each.buttons for each in general.messages))
        card = general.messages[-1]
        tapped = discord.click(card, APPROVE, eve)
        await discord.until(lambda: tapped.private)
        assert card.buttons
        opened = discord.click(card, "Reject", ann)
        await discord.until(lambda: opened.modal)
        discord.submit(opened.modal, {"reason": "not today"}, ann)
        await discord.until(lambda: card.text.startswith("Rejected by"))
        assert card.buttons == []
        assert "hello" not in scene.chat.texts


@pytest.mark.timeout(120)
async def test_admins_decide_in_their_own_channel_and_the_answer_goes_to_who_asked(
    tmp_path: Path,
) -> None:
    async with discord_server() as discord:
        ann, ada = discord.user("ann"), discord.user("ada")
        chat = discord.direct(ann)
        office = discord.channel(discord.guild("Office", (ada,)), "approvals")
        settings = {
            "DISCORD_BOT_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "ADMINS": f"discord:{ada.id}",
            "APPROVERS": "send_message:admins",
            "APPROVAL_CHAT": f"discord:{office.id}",
        }
        async with process(tmp_path, **settings):
            discord.say(chat, ann, "send hello to me")
            await discord.until(lambda: any(each.buttons for each in office.messages), within=30)
            await discord.until(lambda: any(each.buttons for each in chat.messages))
            here = next(each for each in chat.messages if each.buttons)
            there = office.messages[-1]
            tapped = discord.click(here, APPROVE, ann)
            await discord.until(lambda: tapped.private)
            assert here.buttons
            discord.click(there, APPROVE, ada)
            await discord.until(lambda: "Your message to me is on its way." in chat.texts)
            await discord.until(lambda: here.text.startswith("Approved by"))
            await discord.until(lambda: there.text.startswith("Approved by"))
            assert here.buttons == there.buttons == []
            assert "Your message to me is on its way." not in office.texts


def _id_of(components: list[dict[str, object]]) -> str:
    inner = components[0]["components"]
    assert isinstance(inner, list)
    return str(inner[0]["custom_id"]).rpartition(":")[0]
