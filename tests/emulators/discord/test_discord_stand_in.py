"""Real discord.py chats through the stand-in: login, messages, files, history, threads."""

import io

import discord
import pytest

from tests.emulators.discord.listening_bot import listening
from tests.emulators.discord.permissions import Permission
from tests.emulators.discord.server import Discord, discord_server
from tests.emulators.discord.world import Channel, File, User


async def test_a_bot_logs_in_and_knows_itself_and_its_owner(server: Discord) -> None:
    async with listening(server) as bot:
        assert bot.user
        assert bot.user.id == server.bot.id
        assert (await bot.application_info()).owner.id == server.owner.id


async def test_a_wrong_token_is_refused_at_the_login(server: Discord) -> None:
    with pytest.raises(discord.LoginFailure):
        async with listening(server, token="wrong"):
            pytest.fail("it came in")
    assert [one.status for one in server.requests] == [401]


async def test_a_direct_message_is_heard_and_answered(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        server.say(chat, ann, "hello")
        await server.until(lambda: bot.texts == ["hello"])
        assert isinstance(bot.heard[0].channel, discord.DMChannel)
        await bot.heard[0].reply("hello, Ann")
        assert chat.texts == ["hello", "hello, Ann"]
        assert chat.messages[1].reply_to is chat.messages[0]


async def test_a_mention_in_a_server_is_known_as_one(
    server: Discord, ann: User, general: Channel
) -> None:
    async with listening(server) as bot:
        server.say(general, ann, "just talking")
        server.say(general, ann, "help me", mention=True)
        await server.until(lambda: len(bot.heard) == 2)
        assert [bot.user in one.mentions for one in bot.heard] == [False, True]
        assert bot.heard[0].guild
        assert bot.heard[0].guild.name == "Workshop"


async def test_without_the_content_intent_only_what_addresses_the_bot_can_be_read(
    server: Discord, ann: User, chat: Channel, general: Channel
) -> None:
    async with listening(server, content=False) as bot:
        server.say(general, ann, "private words")
        server.say(general, ann, "help me", mention=True)
        server.say(chat, ann, "directly")
        await server.until(lambda: len(bot.heard) == 3)
        assert bot.texts == ["", f"{server.bot.mention} help me", "directly"]


async def test_a_reply_alerts_the_author_unless_told_not_to(
    server: Discord, ann: User, general: Channel
) -> None:
    async with listening(server) as bot:
        channel = await bot.fetch_channel(general.id)
        assert isinstance(channel, discord.TextChannel)
        await channel.send("mine")
        for pinging in (True, False):
            server.say(general, ann, "and?", reply_to=general.messages[0], pinging=pinging)
        await server.until(lambda: len(bot.heard) == 2)
        assert [bot.user in one.mentions for one in bot.heard] == [True, False]


async def test_mentions_in_an_answer_alert_nobody_when_none_are_allowed(
    server: Discord, ann: User, general: Channel
) -> None:
    words = f"@everyone and {ann.mention}"
    async with listening(server) as bot:
        channel = bot.get_partial_messageable(general.id)
        await channel.send(words)
        await channel.send(words, allowed_mentions=discord.AllowedMentions.none())
    loud, quiet = general.messages
    assert (loud.notified, loud.notified_everyone) == ([ann], True)
    assert (quiet.notified, quiet.notified_everyone) == ([], False)


async def test_an_edit_changes_the_screen_and_keeps_what_stood_there(
    server: Discord, ann: User, chat: Channel
) -> None:
    async with listening(server) as bot:
        sent = await bot.get_partial_messageable(chat.id).send("thinking")
        await sent.edit(content="done")
        assert (chat.texts, chat.messages[0].versions) == (["done"], ["thinking"])
        await sent.delete()
        assert chat.texts == []


async def test_people_edit_delete_and_react(server: Discord, ann: User, chat: Channel) -> None:
    async with listening(server) as bot:
        said = server.say(chat, ann, "helo")
        server.edit(said, "hello")
        server.react(said, ann, "👍")
        server.delete(said)
        wanted = ["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_REACTION_ADD", "MESSAGE_DELETE"]
        await server.until(lambda: bot.told[-4:] == wanted)


async def test_the_bot_types_and_reacts(server: Discord, ann: User, chat: Channel) -> None:
    async with listening(server) as bot:
        said = server.say(chat, ann, "hello")
        await server.until(lambda: bot.heard)
        async with bot.heard[0].channel.typing():
            assert server.shows_typing(chat)
        server.clock.advance(11)
        assert not server.shows_typing(chat)
        await bot.heard[0].add_reaction("✅")
        assert said.reactions == {"✅": [server.bot]}


async def test_files_go_both_ways(server: Discord, ann: User, chat: Channel) -> None:
    async with listening(server) as bot:
        server.say(chat, ann, "look", attachments=(File("a.png", b"\x89PNG", "image/png"),))
        await server.until(lambda: bot.heard)
        attachment = bot.heard[0].attachments[0]
        assert (attachment.filename, attachment.content_type) == ("a.png", "image/png")
        assert await attachment.read() == b"\x89PNG"
        await bot.heard[0].channel.send("whole", file=discord.File(io.BytesIO(b"text"), "a.md"))
        assert [(one.name, one.data) for one in chat.messages[1].files] == [("a.md", b"text")]


async def test_a_link_to_a_file_ends_after_a_day(server: Discord, ann: User, chat: Channel) -> None:
    async with listening(server) as bot:
        server.say(chat, ann, "look", attachments=(File("a.txt", b"words"),))
        await server.until(lambda: bot.heard)
        server.clock.advance(25 * 3600)
        with pytest.raises(discord.NotFound):
            await bot.heard[0].attachments[0].read()


async def test_the_history_is_read_after_a_message_oldest_first(
    server: Discord, ann: User, chat: Channel
) -> None:
    said = [server.say(chat, ann, f"{number}") for number in range(250)]
    async with listening(server) as bot:
        channel = bot.get_partial_messageable(chat.id)
        after = discord.Object(said[99].id)
        found = [one.content async for one in channel.history(after=after, limit=None)]
        assert found == [f"{number}" for number in range(100, 250)]
        newest = [one.content async for one in channel.history(limit=2)]
        assert newest == ["249", "248"]
        around = [one.id async for one in channel.history(around=said[50], limit=3)]
        assert sorted(around) == [one.id for one in said[49:52]]


async def test_ids_tell_when_they_were_made(server: Discord, ann: User, chat: Channel) -> None:
    server.clock.advance(3600)
    said = server.say(chat, ann, "later")
    made = discord.utils.snowflake_time(said.id).timestamp()
    assert abs(made - server.clock.now()) < 60


async def test_threads_are_opened_by_people_and_by_the_bot(
    server: Discord, ann: User, general: Channel
) -> None:
    async with listening(server) as bot:
        thread = server.thread(general, "plans", ann)
        server.say(thread, ann, "in here")
        await server.until(lambda: "in here" in bot.texts)
        said = next(one for one in bot.heard if one.content == "in here")
        assert isinstance(said.channel, discord.Thread)
        assert said.channel.parent_id == general.id
        server.say(general, ann, "open one", mention=True)
        await server.until(lambda: "open one" in bot.texts[-1])
        opened = await bot.heard[-1].create_thread(name="answers")
        await opened.send("here")
        assert opened.id == bot.heard[-1].id
        assert server.world.channels[opened.id].texts == ["here"]
        assert (await bot.fetch_channel(opened.id)).id == opened.id


async def test_a_thread_on_its_own_is_opened_renamed_and_archived(
    server: Discord, general: Channel
) -> None:
    async with listening(server) as bot:
        channel = await bot.fetch_channel(general.id)
        assert isinstance(channel, discord.TextChannel)
        thread = await channel.create_thread(name="plans", type=discord.ChannelType.public_thread)
        await thread.edit(name="better plans", archived=True)
        shown = server.world.channels[thread.id]
        assert (shown.name, shown.archived, shown.parent) == ("better plans", True, general)
        await thread.send("back")
        assert not shown.archived


async def test_what_the_stand_in_lacks_is_said_at_the_end() -> None:
    with pytest.raises(ExceptionGroup) as lacking:
        await _ban_somebody()
    assert "bans/1" in str(lacking.value.exceptions[0])


async def _ban_somebody() -> None:
    async with discord_server() as server, listening(server) as bot:
        with pytest.raises(discord.HTTPException):
            await bot.ask_api("PUT", "/guilds/1/bans/1")


async def test_a_bot_that_is_thrown_out_is_told_and_has_no_access(
    server: Discord, general: Channel
) -> None:
    async with listening(server) as bot:
        await server.until(lambda: bot.guilds)
        assert general.guild
        server.remove_bot(general.guild)
        await server.until(lambda: not bot.guilds)
        with pytest.raises(discord.Forbidden) as refused:
            await bot.get_partial_messageable(general.id).send("hello?")
        assert refused.value.code == 50001


async def test_permissions_of_a_channel_are_known_and_kept(
    server: Discord, ann: User, general: Channel
) -> None:
    async with listening(server) as bot:
        server.forbid(general, Permission.SEND_MESSAGES)
        await server.until(lambda: "CHANNEL_UPDATE" in bot.told)
        channel = bot.get_channel(general.id)
        assert isinstance(channel, discord.TextChannel)
        assert not channel.permissions_for(channel.guild.me).send_messages
        with pytest.raises(discord.Forbidden) as refused:
            await channel.send("hello")
        assert refused.value.code == 50013
        server.forbid(general, Permission.VIEW_CHANNEL)
        server.say(general, ann, "unseen")
        with pytest.raises(discord.Forbidden) as refused:
            await bot.fetch_channel(general.id)
        assert refused.value.code == 50001
        assert bot.heard == []
