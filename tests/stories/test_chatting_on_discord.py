"""People chat on Discord: at length, all at once, and while the connection is gone."""

from pathlib import Path

import pytest

from tests.stories.on_discord import on_discord
from tests.stories.reciting import CODE, LONG

CLERK = "tests.faults.program"


@pytest.mark.timeout(120)
async def test_an_answer_of_20000_characters_with_code_comes_whole(tmp_path: Path) -> None:
    tools = {"TOOLS": "tests.stories.reciting:TOOLS", "SAFE_TOOLS": "recite"}
    async with on_discord(tmp_path, CLERK, **tools) as scene:
        assert len(LONG) > 18_000
        scene.discord.traffic.as_strict_as_seen()
        scene.discord.say(scene.chat, scene.ann, "recite everything")
        await scene.until_said("That was all of it.")
        parts = scene.chat.texts[1:]
        assert max(map(len, parts)) <= 2000
        assert all(part.count("```") % 2 == 0 for part in parts)
        lines = [line for part in parts for line in part.splitlines() if line.startswith("print(")]
        assert lines == CODE.splitlines()


@pytest.mark.timeout(120)
async def test_fifty_channels_at_once_each_get_their_own_answer(tmp_path: Path) -> None:
    async with on_discord(tmp_path, CLERK) as scene:
        discord = scene.discord
        guild = discord.guild("Workshop", (scene.ann,))
        channels = [discord.channel(guild, f"channel-{number}") for number in range(50)]
        for number, channel in enumerate(channels):
            discord.say(channel, scene.ann, f"hello {number}", mention=True)
        await discord.until(
            lambda: all(
                f"Heard: hello {number}." in channel.texts
                for number, channel in enumerate(channels)
            ),
            within=60,
        )
        assert all(len(channel.messages) == 2 for channel in channels)


@pytest.mark.timeout(120)
async def test_what_is_said_while_the_gateway_is_gone_is_answered_once_and_in_order(
    tmp_path: Path,
) -> None:
    async with on_discord(tmp_path, CLERK) as scene:
        discord, ann, chat = scene.discord, scene.ann, scene.chat
        discord.say(chat, ann, "one")
        await scene.until_said("Heard: one.")
        async with discord.gateway.gone(forgetting=True):
            await discord.until(lambda: discord.gateway.turned_away, within=30)
            discord.say(chat, ann, "two")
            discord.say(chat, ann, "three")
        await scene.until_said("Heard: three.")
        heard = [text for text in chat.texts if text.startswith("Heard")]
        assert heard == ["Heard: one.", "Heard: two.", "Heard: three."]


@pytest.mark.timeout(120)
async def test_an_event_that_comes_twice_is_answered_once(tmp_path: Path) -> None:
    async with on_discord(tmp_path, CLERK) as scene:
        said = scene.discord.say(scene.chat, scene.ann, "one")
        scene.discord.tell_again(said)
        await scene.until_said("Heard: one.")
        scene.discord.tell_again(said)
        scene.discord.say(scene.chat, scene.ann, "two")
        await scene.until_said("Heard: two.")
        assert scene.chat.texts.count("Heard: one.") == 1


@pytest.mark.timeout(120)
async def test_commands_are_answered_in_their_place_and_some_in_private(tmp_path: Path) -> None:
    async with on_discord(tmp_path, CLERK) as scene:
        discord, ann = scene.discord, scene.ann
        general = discord.channel(discord.guild("Workshop", (ann,)), "general")
        asked = discord.slash(general, ann, "ask", text="hello")
        await scene.until_said("Heard: hello.", general)
        status = discord.slash(general, ann, "status")
        await discord.until(lambda: status.private and "thinking" not in status.private[0])
        discord.slash(general, ann, "new")
        await discord.until(lambda: len(general.texts) == 2)
        assert not asked.private
        assert asked.failed == status.failed == ""
