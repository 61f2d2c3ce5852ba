"""In a server the bot hears who speaks to it, and nobody else."""

from adapters.contract import Address
from tests.adapters.discord.scene import serving
from tests.adapters.receiving import MemoryReception
from tests.emulators.discord.permissions import Permission
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, File, User


async def test_who_names_the_bot_is_answered_without_its_name(
    discord: Discord, ann: User, general: Channel
) -> None:
    async with serving(discord) as scene:
        discord.say(general, ann, "what time is it?", mention=True)
        await scene.until(lambda: "You said: what time is it?" in general.texts)
        (heard,) = scene.bot.heard
        assert heard.sender == Address("discord", str(general.id), str(ann.id))
        assert not heard.sender.direct
        assert general.messages[-1].reply_to is general.messages[0]
        assert general.messages[-1].notified == []


async def test_who_speaks_to_somebody_else_is_not_heard(
    discord: Discord, ann: User, general: Channel
) -> None:
    robot = discord.user("robot", bot=True)
    async with serving(discord) as scene:
        discord.say(general, ann, "hello everybody")
        discord.say(general, robot, "hello", mention=True)
        discord.say(general, ann, "hello bot", mention=True)
        await scene.until(lambda: "You said: hello bot" in general.texts)
        assert scene.bot.texts == ["hello bot"]


async def test_who_replies_to_the_bot_is_heard_also_without_alerting_it(
    discord: Discord, ann: User, general: Channel
) -> None:
    async with serving(discord) as scene:
        discord.say(general, ann, "hello", mention=True)
        await scene.until(lambda: len(general.messages) == 2)
        discord.say(general, ann, "and now?", reply_to=general.messages[-1], pinging=False)
        await scene.until(lambda: "You said: and now?" in general.texts)


async def test_other_people_are_named_and_not_numbered(
    discord: Discord, ann: User, general: Channel
) -> None:
    bob = discord.user("bob")
    async with serving(discord) as scene:
        discord.say(general, ann, f"greet {bob.mention}", mention=True)
        await scene.until(lambda: scene.bot.texts == ["greet @Bob"])


async def test_only_the_name_of_the_bot_is_a_hello(
    discord: Discord, ann: User, general: Channel
) -> None:
    async with serving(discord) as scene:
        discord.say(general, ann, "", mention=True)
        await scene.until(lambda: scene.bot.texts == ["/start"])


async def test_a_thread_is_a_chat_of_its_own(discord: Discord, ann: User, general: Channel) -> None:
    thread = discord.thread(general, "plans", ann)
    async with serving(discord) as scene:
        discord.say(thread, ann, "hello", mention=True)
        await scene.until(lambda: "You said: hello" in thread.texts)
        assert scene.bot.heard[0].sender.chat_id == str(thread.id)
        assert general.texts == []


async def test_a_thread_is_opened_for_a_conversation_where_that_is_wished(
    discord: Discord, ann: User, general: Channel
) -> None:
    async with serving(discord, threads=True) as scene:
        asked = discord.say(general, ann, "plan my week", mention=True)
        await scene.until(lambda: asked.thread and "You said: plan my week" in asked.thread.texts)
        thread = asked.thread
        assert thread is not None
        assert thread.name == "plan my week"
        discord.say(thread, ann, "and the next one")
        await scene.until(lambda: "You said: and the next one" in thread.texts)
        assert {heard.sender.chat_id for heard in scene.bot.heard} == {str(thread.id)}


async def test_without_the_permission_for_threads_it_is_answered_in_the_channel(
    discord: Discord, ann: User, general: Channel
) -> None:
    discord.forbid(general, Permission.CREATE_PUBLIC_THREADS)
    async with serving(discord, threads=True) as scene:
        discord.say(general, ann, "hello", mention=True)
        await scene.until(lambda: "You said: hello" in general.texts)


async def test_the_same_event_twice_is_one_message(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        said = discord.say(chat, ann, "hello")
        discord.tell_again(said)
        discord.say(chat, ann, "bye")
        await scene.until(lambda: "You said: bye" in chat.texts)
        await scene.at_rest()
        assert chat.texts.count("You said: hello") == 1
        assert scene.bot.texts == ["hello", "bye"]


async def test_pictures_and_text_files_are_read_and_the_rest_is_named(
    discord: Discord, ann: User, chat: Channel
) -> None:
    files = (
        File("cat.png", b"\x89PNG", "image/png"),
        File("notes.md", b"# Notes"),
        File("song.mp3", b"ID3", "audio/mpeg"),
        File("long.txt", b"x" * 3000, "text/plain"),
    )
    async with serving(discord, most_bytes=2048) as scene:
        discord.say(chat, ann, "look", attachments=files)
        await scene.until(lambda: scene.bot.heard)
        (heard,) = scene.bot.heard
        assert [(each.name, each.content) for each in heard.attachments] == [
            ("cat.png", b"\x89PNG"),
            ("notes.md", b"# Notes"),
        ]
        assert heard.text.splitlines() == [
            "look",
            "[song.mp3 was not read: only pictures and text files are]",
            "[long.txt was not read: it is larger than 2 KB]",
        ]


async def test_a_stranger_is_told_once_and_not_heard(
    discord: Discord, ann: User, chat: Channel
) -> None:
    reception = MemoryReception()
    reception.strangers[str(ann.id)] = "I only talk to people whom my operator knows."
    bob = discord.user("bob")
    async with serving(discord, reception=reception) as scene:
        discord.say(chat, ann, "hello")
        discord.say(chat, ann, "hello?")
        await scene.until(lambda: len(chat.texts) == 3)
        discord.say(discord.direct(bob), bob, "hi")
        await scene.until(lambda: scene.bot.heard)
        assert scene.bot.texts == ["hi"]
        assert chat.texts.count("I only talk to people whom my operator knows.") == 1
