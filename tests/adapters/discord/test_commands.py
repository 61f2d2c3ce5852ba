"""Slash commands are taken at once, answered in their own place, and in private where polite."""

from dataclasses import replace

from adapters.contract import Accepted, Address, Answer, Command, Notice
from tests.adapters.conformance import CARD, SETTLED
from tests.adapters.discord.scene import Bot, serving
from tests.adapters.receiving import MemoryReception
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, File, User

COMMANDS = (
    Command("new", "Begin a new conversation"),
    Command("status", "Say what goes on here", private=True),
    Command("reject", "Do not let an action run", "[id] [reason]"),
)


async def test_the_commands_of_the_table_are_listed_and_ask_besides(discord: Discord) -> None:
    async with serving(discord, commands=COMMANDS):
        names = [command["name"] for command in discord.world.commands]
        assert names == ["ask", "new", "status", "reject"]


async def test_ask_is_answered_where_it_was_asked(
    discord: Discord, ann: User, general: Channel
) -> None:
    async with serving(discord, commands=COMMANDS) as scene:
        file = File("a.txt", b"words", "text/plain")
        asked = discord.slash(general, ann, "ask", text="what is this?", file=file)
        await scene.until(lambda: "You said: what is this?" in general.texts)
        (heard,) = scene.bot.heard
        assert heard.sender == Address("discord", str(general.id), str(ann.id))
        assert heard.message_id == str(asked.id)
        assert [each.content for each in heard.attachments] == [b"words"]
        assert asked.private == []
        assert not asked.failed


async def test_a_command_is_a_text_and_its_words_follow(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord, commands=COMMANDS) as scene:
        discord.slash(chat, ann, "reject", words="k7m2xw4hq9tbnd too dear")
        discord.slash(chat, ann, "new")
        await scene.until(lambda: len(scene.bot.heard) == 2)
        assert scene.bot.texts == ["/reject k7m2xw4hq9tbnd too dear", "/new"]


async def test_a_private_command_is_answered_to_its_person_alone(
    discord: Discord, ann: User, general: Channel
) -> None:
    bot = Bot()
    bot.says["/status"] = (Accepted("m", "s", "t"), Notice("All is quiet."))
    async with serving(discord, bot=bot, commands=COMMANDS) as scene:
        asked = discord.slash(general, ann, "status")
        await scene.until(lambda: asked.private == ["All is quiet."])
        assert general.texts == []
        assert bot.heard[0].private


async def test_a_command_is_acknowledged_at_once_and_a_late_answer_is_an_ordinary_message(
    discord: Discord, ann: User, general: Channel
) -> None:
    async with serving(discord, commands=COMMANDS) as scene:
        slow = discord.traffic.hold("PATCH", "/webhooks/")
        discord.say(general, ann, "hello", mention=True)
        await scene.until(lambda: len(general.texts) == 2)
        channel_lane = scene.adapter._service.channels.lane(general.id)  # type: ignore[union-attr]
        async with channel_lane:  # the bot takes its time
            asked = discord.slash(general, ann, "ask", text="and now?")
            await scene.until(lambda: asked.answered)
            discord.clock.advance(14 * 60 + 1)
        slow.let_go()
        await scene.until(lambda: "You said: and now?" in general.texts)
        assert general.messages[-1] not in asked.messages


async def test_a_private_answer_that_is_late_goes_by_direct_message(
    discord: Discord, ann: User, general: Channel, chat: Channel
) -> None:
    bot = Bot()
    bot.says["/status"] = (Accepted("m", "s", "t"), Answer("a", "All is quiet.", private=True))
    async with serving(discord, bot=bot, commands=COMMANDS) as scene:
        async with scene.adapter._service.channels.lane(general.id):  # type: ignore[union-attr]
            asked = discord.slash(general, ann, "status")
            await scene.until(lambda: asked.answered)
            discord.clock.advance(14 * 60 + 1)
        await scene.until(lambda: chat.texts == ["All is quiet."])
        assert general.texts == []


async def test_a_long_answer_to_a_command_is_whole(
    discord: Discord, ann: User, general: Channel
) -> None:
    bot = Bot()
    bot.says["go"] = (Accepted("m", "s", "t"), Answer("a", "word " * 1000))
    async with serving(discord, bot=bot, commands=COMMANDS) as scene:
        discord.slash(general, ann, "ask", text="go")
        await scene.until(lambda: sum(text.count("word") for text in general.texts) == 1000)
        await scene.at_rest()
        assert bot.shown[0].parts == [str(message.id) for message in general.messages]


async def test_a_command_that_came_twice_is_answered_once(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord, commands=COMMANDS) as scene:
        asked = discord.slash(chat, ann, "new")
        await scene.until(lambda: "You said: /new" in chat.texts)
        discord.tell_again(asked)
        discord.say(chat, ann, "bye")
        await scene.until(lambda: "You said: bye" in chat.texts)
        assert chat.texts.count("You said: /new") == 1


async def test_a_stranger_who_commands_is_told_so(
    discord: Discord, ann: User, chat: Channel
) -> None:
    reception = MemoryReception()
    reception.strangers[str(ann.id)] = "I do not know you."
    async with serving(discord, reception=reception, commands=COMMANDS) as scene:
        discord.slash(chat, ann, "new")
        await scene.until(lambda: chat.texts == ["I do not know you."])
        discord.slash(chat, ann, "new")
        await scene.until(lambda: len(chat.history) == 1)
        assert scene.bot.heard == []


async def test_a_command_that_cannot_be_kept_is_told_so(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord, commands=COMMANDS) as scene:
        scene.bot.full_disk = True
        discord.slash(chat, ann, "new")
        await scene.until(lambda: chat.texts and "was not taken" in chat.texts[0])
        assert len(chat.texts) == 1


async def test_a_card_that_was_tapped_long_ago_still_says_how_it_ended(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot = Bot()
    bot.says["ring"] = (CARD,)
    async with serving(discord, bot=bot) as scene:
        discord.say(chat, ann, "ring")
        await scene.until(lambda: chat.messages[-1].buttons)
        await scene.at_rest()
        card = bot.shown[0].cards[CARD.approval_id]
        bot.decides = (replace(SETTLED, cards=(card,)),)
        held = discord.traffic.hold("PATCH", "/webhooks/")
        discord.click(chat.messages[-1], "Approve", ann)
        await held.reached.wait()
        discord.clock.advance(16 * 60)
        held.let_go()
        await scene.until(lambda: chat.texts == ["ring", "Approved by ann"])


async def test_approving_by_a_private_command_settles_the_card_and_answers_everybody(
    discord: Discord, ann: User, general: Channel
) -> None:
    bot = Bot()
    bot.says["ring"] = (CARD,)
    commands = (Command("approve", "Let an action run", "[id]", private=True),)
    async with serving(discord, bot=bot, commands=commands) as scene:
        discord.say(general, ann, "ring", mention=True)
        await scene.until(lambda: general.messages[-1].buttons)
        await scene.at_rest()
        card = bot.shown[0].cards[CARD.approval_id]
        bot.says["/approve"] = (replace(SETTLED, cards=(card,)), Answer("a", "It rang."))
        asked = discord.slash(general, ann, "approve")
        await scene.until(lambda: general.texts[1:] == ["Approved by ann", "It rang."])
        await scene.until(lambda: asked.private == ["Approved by ann"])


async def test_an_answer_to_a_command_alerts_nobody(
    discord: Discord, ann: User, general: Channel
) -> None:
    bot = Bot()
    bot.says["go"] = (Answer("a", f"@everyone {ann.mention} {'word ' * 500} @here {ann.mention}"),)
    async with serving(discord, bot=bot) as scene:
        discord.slash(general, ann, "ask", text="go")
        await scene.until(lambda: len(general.texts) == 2)
        await scene.at_rest()
        assert not any(each.notified or each.notified_everyone for each in general.messages)
