"""Answers are whole, in order, and each of their messages is taken once."""

import pytest

from adapters.contract import (
    Accepted,
    Address,
    Answer,
    Attachment,
    Failure,
    Notice,
    Reply,
    TextDelta,
)
from adapters.platform import DeliveryFailed
from tests.adapters.discord.scene import Bot, Written, serving
from tests.emulators.discord.permissions import Permission
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, User

CODE = "\n".join(f"print({number}, 'the line of a program')" for number in range(500))
LONG = f"Here it is:\n\n```python\n{CODE}\n```\n\n{'That was it. ' * 20}"


def answering(*replies: Reply) -> Bot:
    bot = Bot()
    bot.says["go"] = (Accepted("m", "s", "t"), *replies)
    return bot


def address(user: User) -> Address:
    return Address("discord", str(user.id), str(user.id))


async def test_an_answer_of_20000_characters_is_whole_and_its_code_stays_code(
    discord: Discord, ann: User, chat: Channel
) -> None:
    assert len(LONG) > 18_000
    async with serving(discord, bot=answering(Answer("a", LONG))) as scene:
        discord.say(chat, ann, "go")
        await scene.until(lambda: chat.texts[-1].endswith("That was it."))
        await scene.at_rest()
        parts = chat.texts[1:]
        assert max(map(len, parts)) <= 2000
        assert all(part.count("```") % 2 == 0 for part in parts)
        lines = [line for part in parts for line in part.splitlines() if "```" not in line]
        assert [line for line in lines if line.startswith("print(")] == CODE.splitlines()


async def test_what_is_written_is_shown_and_then_edited_into_the_answer(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot = answering(TextDelta("Good "), TextDelta("morn"), Answer("a", "Good morning."))
    async with serving(discord, bot=bot) as scene:
        discord.say(chat, ann, "go")
        await scene.until(lambda: chat.texts == ["go", "Good morning."])
        await scene.at_rest()
        shown = chat.messages[-1]
        assert shown.versions
        assert shown.versions[0].startswith("Good")
        assert bot.shown[0].parts == [str(shown.id)]


async def test_a_preview_over_several_messages_becomes_the_answer_over_fewer(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot = answering(TextDelta("word " * 600), Answer("a", "In short: no."))

    class Slow(Written):
        async def __anext__(self) -> Reply:
            if len(self.replies) == 1:
                await discord.until(lambda: len(chat.texts) == 2)
            return await Written.__anext__(self)

    async with serving(discord, bot=bot) as scene:
        await scene.adapter.deliver(address(ann), Slow(list(bot.says["go"])))
        assert chat.texts == ["In short: no."]


async def test_tables_are_code_and_nobody_is_alerted(
    discord: Discord, ann: User, general: Channel
) -> None:
    table = "| who | what |\n|---|:-:|\n| **ann** | tea |\n| bob | `coffee` |"
    text = f"@everyone {ann.mention} look:\n{table}\n#### Small heading"
    async with serving(discord, bot=answering(Answer("a", text))) as scene:
        discord.say(general, ann, "go", mention=True)
        await scene.until(lambda: len(general.messages) == 2)
        shown = general.messages[-1]
        assert "```\nwho | what\n----|-------\nann | tea\nbob | coffee\n```" in shown.text
        assert "**Small heading**" in shown.text
        assert not shown.notified
        assert not shown.notified_everyone


async def test_an_answer_may_carry_a_file(discord: Discord, ann: User, chat: Channel) -> None:
    file = Attachment("sum.csv", "text/csv", b"a,b\n1,2\n")
    answer = Answer("a", "Here.", attachments=(file,))
    async with serving(discord, bot=answering(TextDelta("He"), answer)) as scene:
        discord.say(chat, ann, "go")
        await scene.until(lambda: chat.messages[-1].files)
        await scene.at_rest()
        assert chat.texts == ["go", "Here."]
        assert chat.messages[-1].files[0].data == b"a,b\n1,2\n"


async def test_a_recovered_answer_edits_what_stands_there_and_says_what_may_come_twice(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        first = Written([Answer("a", "One half")])
        await scene.adapter.deliver(address(ann), first)
        text = f"{'One ' * 499}\n\n{'Two ' * 300}".strip()
        rest = Written([Answer("a", text, parts=tuple(first.parts), again=True)])
        await scene.adapter.deliver(address(ann), rest)
        assert chat.texts[0].startswith("One One")
        assert chat.texts[1].startswith("(This may come twice.)\n")
        assert len(chat.texts) == 2
        assert rest.parts == [str(chat.messages[1].id)]


async def test_a_message_that_was_deleted_is_sent_again(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        first = Written([Answer("a", "One")])
        await scene.adapter.deliver(address(ann), first)
        discord.delete(chat.messages[0])
        again = Written([Answer("a2", "One", parts=tuple(first.parts))])
        await scene.adapter.deliver(address(ann), again)
        assert chat.texts == ["One"]


async def test_a_message_whose_answer_was_lost_is_not_sent_twice(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        await scene.adapter.deliver(address(ann), Written([Answer("x", "Hello.")]))
        discord.traffic.lose_answers("POST", "/messages")
        with pytest.raises(DeliveryFailed) as failed:
            await scene.adapter.deliver(address(ann), Written([Answer("a", "Once.")]))
        assert not failed.value.final
        assert failed.value.retry_after is None
        await scene.adapter.deliver(address(ann), Written([Answer("a", "Once.", again=True)]))
        assert chat.texts == ["Hello.", "Once."]


async def test_who_takes_no_direct_messages_is_not_tried_again(discord: Discord) -> None:
    shy = discord.user("shy")
    shy.accepts_direct_messages = False
    async with serving(discord) as scene:
        with pytest.raises(DeliveryFailed) as failed:
            await scene.adapter.deliver(address(shy), Written([Answer("a", "Psst")]))
        assert failed.value.final


async def test_an_error_of_the_server_is_tried_again(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        discord.traffic.fail(502, "POST", "/messages")
        await scene.adapter.deliver(address(ann), Written([Answer("a", "Hello")]))
        discord.traffic.fail(503, "POST", "/messages")
        with pytest.raises(DeliveryFailed) as failed:
            await scene.adapter.deliver(address(ann), Written([Answer("b", "Hello again")]))
        assert not failed.value.final
        assert chat.texts == ["Hello"]


async def test_a_short_rate_limit_is_waited_for(discord: Discord, ann: User, chat: Channel) -> None:
    async with serving(discord) as scene:
        discord.traffic.too_many(0.2, "POST", "/messages")
        await scene.adapter.deliver(address(ann), Written([Answer("a", "Hello")]))
        assert chat.texts == ["Hello"]


async def test_a_long_rate_limit_is_the_bots_to_wait_for(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        discord.traffic.too_many(90.0, "POST", "/messages")
        with pytest.raises(DeliveryFailed) as failed:
            await scene.adapter.deliver(address(ann), Written([Answer("a", "Hello")]))
        assert failed.value.retry_after == pytest.approx(90.0)


async def test_a_missing_permission_is_said_with_what_to_click_and_others_are_served(
    discord: Discord, ann: User, general: Channel, chat: Channel
) -> None:
    discord.forbid(general, Permission.SEND_MESSAGES)
    async with serving(discord) as scene:
        discord.say(general, ann, "hello", mention=True)
        await scene.until(lambda: scene.bot.failed)
        (failed,) = scene.bot.failed
        assert "#general of Workshop" in failed.reason
        assert "Edit Channel > Permissions" in failed.reason
        discord.say(chat, ann, "hello")
        await scene.until(lambda: "You said: hello" in chat.texts)


async def test_a_suggestion_is_a_button_that_says_it(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot = answering(Notice("Begin anew?", ("/new",)))
    async with serving(discord, bot=bot) as scene:
        discord.say(chat, ann, "go")
        await scene.until(lambda: chat.messages[-1].buttons)
        discord.click(chat.messages[-1], "/new", ann)
        await scene.until(lambda: "You said: /new" in chat.texts)
        assert bot.heard[-1].sender == address(ann)


async def test_typing_is_shown_until_there_is_something_to_see(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot = answering(Failure("The model failed.", "ref42"))
    async with serving(discord, bot=bot) as scene:
        held = discord.traffic.hold("POST", "/messages")
        discord.say(chat, ann, "go")
        await held.reached.wait()
        assert chat.typing
        held.let_go()
        await scene.until(lambda: "The model failed. (reference ref42)" in chat.texts)
        await scene.at_rest()
        assert not discord.shows_typing(chat)


async def test_a_private_answer_that_is_pushed_goes_to_its_person_alone(
    discord: Discord, ann: User, chat: Channel, general: Channel
) -> None:
    to = Address("discord", str(general.id), str(ann.id))
    async with serving(discord) as scene:
        await scene.adapter.deliver(to, Written([Answer("a", "Only you", private=True)]))
        assert chat.texts == ["Only you"]
        assert general.texts == []
