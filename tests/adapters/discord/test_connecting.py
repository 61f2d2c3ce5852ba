"""What only the operator can mend is said in a sentence; everything else is tried again."""

import asyncio

from adapters.discord.adapter import DiscordAdapter
from adapters.discord.options import DiscordOptions
from tests.adapters.discord.scene import Bot, serving
from tests.adapters.receiving import MemoryReception
from tests.emulators.discord.server import Discord, discord_server
from tests.emulators.discord.world import Channel, User
from tests.faults.process import free_port


async def test_a_wrong_token_is_said_with_where_to_get_a_new_one(discord: Discord) -> None:
    async with serving(discord, token="MTIz.not-this.one") as scene:
        await scene.until(lambda: "DISCORD_BOT_TOKEN" in scene.adapter.problem)
        assert "Reset Token" in scene.adapter.problem
        assert "not-this" not in scene.adapter.problem


async def test_a_missing_intent_is_said_with_what_to_switch_on(discord: Discord) -> None:
    discord.world.content_allowed = False
    async with serving(discord) as scene:
        await scene.until(lambda: "Message Content Intent" in scene.adapter.problem)


async def test_a_discord_that_is_not_reached_is_a_problem_and_tried_again() -> None:
    port = free_port()
    options = DiscordOptions(
        "MTIz.made-up.token",
        f"http://127.0.0.1:{port}/api/v10",
        f"ws://127.0.0.1:{port}/gateway",
    )
    bot, adapter = Bot(), DiscordAdapter(options, MemoryReception())
    async with adapter.serve(bot.handle, ()):
        assert "not reached" in adapter.problem
        async with discord_server(port) as discord:
            await discord.until(lambda: adapter.problem == "")
            ann = discord.user("ann")
            discord.say(discord.direct(ann), ann, "hello")
            await discord.until(lambda: "You said: hello" in discord.direct(ann).texts)


async def test_a_token_that_is_taken_away_is_a_problem(discord: Discord) -> None:
    async with serving(discord) as scene:
        assert scene.adapter.problem == ""
        discord.gateway.close(4004)
        await scene.until(lambda: "DISCORD_BOT_TOKEN" in scene.adapter.problem)


async def test_commands_that_cannot_be_listed_keep_nobody_out(
    discord: Discord, ann: User, chat: Channel
) -> None:
    discord.traffic.fail(503, "PUT", "/commands")
    async with serving(discord) as scene:
        discord.say(chat, ann, "hello")
        await scene.until(lambda: "You said: hello" in chat.texts)


async def test_fifty_channels_at_once_are_all_answered(discord: Discord) -> None:
    people = [discord.user(f"person{number}") for number in range(50)]
    chats = [discord.direct(person) for person in people]
    async with serving(discord) as scene:
        for chat, person in zip(chats, people, strict=True):
            discord.say(chat, person, f"hello from {person.name}")
        await scene.until(
            lambda: all(
                f"You said: hello from {person.name}" in chat.texts
                for chat, person in zip(chats, people, strict=True)
            )
        )


async def test_nothing_goes_on_after_the_end(discord: Discord) -> None:
    before = asyncio.all_tasks()
    async with serving(discord):
        pass
    await discord.until(lambda: asyncio.all_tasks() - before <= {asyncio.current_task()})
