"""Real discord.py at the gateway of the stand-in: what is missed, repeated, refused, and dead."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest

from tests.emulators.discord.gateway import HEARTBEAT, IDENTIFY, RESUME
from tests.emulators.discord.listening_bot import listening
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, User


async def test_an_intent_that_the_portal_does_not_allow_closes_with_4014(server: Discord) -> None:
    server.world.content_allowed = False
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with listening(server):
            pytest.fail("it came in")


async def test_a_token_that_is_no_longer_valid_closes_with_4004(server: Discord) -> None:
    with pytest.raises(discord.ConnectionClosed) as closed:
        await _given_another_token(server)
    assert closed.value.code == 4004


async def _given_another_token(server: Discord) -> None:
    async with listening(server) as bot:
        server.world.token = "new"
        server.gateway.reconnect()
        await server.until(bot.is_closed)


async def test_what_was_missed_is_told_after_a_resume_once_and_in_order(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        server.say(chat, ann, "before")
        await server.until(lambda: bot.texts == ["before"])
        async with server.gateway.gone():
            server.say(chat, ann, "first")
            server.say(chat, ann, "second")
        await server.until(lambda: len(bot.heard) == 3)
        assert bot.texts == ["before", "first", "second"]
        assert (server.gateway.count(IDENTIFY), server.gateway.count(RESUME)) == (1, 1)


async def test_op_7_lets_the_client_come_back_and_resume(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        server.gateway.reconnect()
        server.say(chat, ann, "meanwhile")
        await server.until(lambda: "RESUMED" in bot.told)
        assert bot.texts == ["meanwhile"]


async def test_op_9_that_can_be_resumed_lets_the_client_resume(server: Discord) -> None:
    async with listening(server) as bot:
        server.gateway.invalidate(resumable=True)
        await server.until(lambda: "RESUMED" in bot.told)
        assert server.gateway.count(IDENTIFY) == 1


async def test_op_9_makes_the_client_identify_anew_and_what_was_missed_is_in_the_history(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        server.gateway.invalidate()
        missed = server.say(chat, ann, "missed")
        await server.until(lambda: server.gateway.count(IDENTIFY) == 2)
        server.say(chat, ann, "heard")
        await server.until(lambda: bot.heard)
        assert bot.texts == ["heard"]
        fetched = await bot.get_partial_messageable(chat.id).fetch_message(missed.id)
        assert fetched.content == "missed"


async def test_what_is_said_while_the_gateway_is_gone_and_forgets_is_in_the_history_alone(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        async with server.gateway.gone(forgetting=True):
            missed = server.say(chat, ann, "missed")
            await server.until(lambda: server.gateway.turned_away)
            channel = bot.get_partial_messageable(chat.id)
            assert (await channel.fetch_message(missed.id)).content == "missed"
        await server.until(lambda: bot.told.count("READY") == 2)
        server.say(chat, ann, "heard")
        await server.until(lambda: bot.heard)
        assert bot.texts == ["heard"]


async def test_a_session_that_timed_out_is_begun_anew(server: Discord) -> None:
    async with listening(server) as bot:
        server.gateway.close(4009)
        await server.until(lambda: bot.told.count("READY") == 2)
        assert (server.gateway.count(RESUME), server.gateway.count(IDENTIFY)) == (1, 2)


async def test_a_cut_connection_is_resumed(server: Discord) -> None:
    async with listening(server) as bot:
        server.gateway.cut()
        await server.until(lambda: "RESUMED" in bot.told)


async def test_heartbeats_are_sent_when_due_and_when_asked_for(server: Discord) -> None:
    server.gateway.heartbeat = 0.05
    async with listening(server):
        await server.until(lambda: server.gateway.count(HEARTBEAT) >= 4)
    server.gateway.heartbeat = 60
    async with listening(server) as bot:
        known = server.gateway.count(HEARTBEAT)
        server.gateway.ask_for_heartbeat()
        await server.until(lambda: server.gateway.count(HEARTBEAT) > known)
        assert bot.is_ready()


async def test_a_client_whose_heartbeats_are_not_answered_connects_anew(server: Discord) -> None:
    server.gateway.heartbeat = 0.05
    async with listening(server, heartbeat_timeout=0.3) as bot:
        server.gateway.acknowledges = False
        await server.until(lambda: server.gateway.count(RESUME))
        server.gateway.acknowledges = True
        await server.until(lambda: "RESUMED" in bot.told)


async def test_the_same_event_can_come_twice(server: Discord, ann: User, chat: Channel) -> None:
    async with listening(server) as bot:
        said = server.say(chat, ann, "once")
        server.tell_again(said)
        await server.until(lambda: len(bot.heard) == 2)
        assert {one.id for one in bot.heard} == {said.id}
        assert chat.texts == ["once"]


async def test_unknown_events_and_outages_of_servers_disturb_nobody(
    server: Discord, ann: User, general: Channel
) -> None:
    async with listening(server) as bot:
        server.unknown_event()
        assert general.guild
        server.outage(general.guild)
        server.recover(general.guild)
        server.say(general, ann, "still here")
        await server.until(lambda: bot.heard)
        assert "SOMETHING_QUITE_NEW" in bot.told


async def test_a_server_joined_later_and_its_channels_are_known(server: Discord) -> None:
    async with listening(server) as bot:
        channel = server.channel(server.guild("Later"), "new")
        await server.until(lambda: bot.get_channel(channel.id))


@asynccontextmanager
async def echoing(server: Discord) -> AsyncIterator[None]:
    """Run a bot in a process of its own, and kill it at the end without a word."""
    program = Path(__file__).with_name("echoing_program.py")
    known = server.gateway.count(IDENTIFY)
    given = (server.api_url, server.gateway_url, server.token)
    quiet = asyncio.subprocess.DEVNULL
    running = await asyncio.create_subprocess_exec(
        sys.executable, program, *given, stderr=quiet, stdout=quiet
    )
    try:
        await server.until(lambda: server.gateway.count(IDENTIFY) > known, within=40)
        yield
    finally:
        running.kill()
        await running.wait()
        await server.until(lambda: not server.gateway.connected)


async def test_a_bot_that_was_killed_begins_anew_and_is_not_told_what_it_missed(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with echoing(server):
        server.say(chat, ann, "one")
        await server.until(lambda: "you said: one" in chat.texts)
    server.say(chat, ann, "two")
    async with echoing(server):
        server.say(chat, ann, "three")
        await server.until(lambda: "you said: three" in chat.texts)
    assert chat.texts == ["one", "you said: one", "two", "three", "you said: three"]
