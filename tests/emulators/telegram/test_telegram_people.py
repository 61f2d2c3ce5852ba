"""What people do on the stand-in, and what the bot gets of it."""

import asyncio
import re

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, ChatMigrated, Forbidden

from tests.emulators.telegram import media
from tests.emulators.telegram.chats import Chat
from tests.emulators.telegram.people import Person
from tests.emulators.telegram.server import TelegramServer

CARD = InlineKeyboardMarkup([[InlineKeyboardButton("Approve", callback_data="a:1")]])


async def news(bot: Bot) -> tuple[Update, ...]:
    """Take what is new, and confirm it."""
    updates = await bot.get_updates(allowed_updates=Update.ALL_TYPES)
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return updates


async def heard(bot: Bot) -> list[str | None]:
    found = [update.effective_message for update in await news(bot)]
    return [message.text for message in found if message and message.text]


@pytest.fixture
def home(telegram: TelegramServer, ann: Person) -> Chat:
    return telegram.supergroup("Home", ann, telegram.person("Bob"))


async def test_a_tap_reaches_the_bot_and_its_answer_the_person(bot: Bot, ann: Person) -> None:
    await news(bot)
    await bot.send_message(ann.user_id, "Delete?", reply_markup=CARD)
    tapping = asyncio.create_task(ann.tap(ann.chat.answers[0], "Approve"))
    [update] = await bot.get_updates(timeout=5)
    query = update.callback_query
    assert query is not None
    assert (query.data, query.from_user.id, query.message.chat.id if query.message else 0) == (
        "a:1", ann.user_id, ann.user_id,
    )  # fmt: skip
    await query.answer("Approved", show_alert=True)
    seen = await tapping
    assert (seen.text, seen.alert) == ("Approved", True)
    with pytest.raises(BadRequest, match=r"(?i)query is too old and response timeout expired"):
        await query.answer("Again")
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await bot.answer_callback_query("404")


async def test_a_button_that_is_gone_can_be_tapped_in_an_old_client(bot: Bot, ann: Person) -> None:
    sent = await bot.send_message(ann.user_id, "Delete?", reply_markup=CARD)
    await sent.edit_text("Deleted")
    await news(bot)
    [card] = ann.chat.answers
    with pytest.raises(LookupError, match="No button"):
        ann.press(card, "Approve")
    ann.press(card, "Approve", old=True)
    await sent.delete()
    ann.press(card, "Approve", old=True)
    on_text, on_nothing = [update.callback_query for update in await news(bot)]
    assert on_text is not None
    assert on_text.data == "a:1"
    assert on_nothing is not None
    assert on_nothing.message is not None
    assert not on_nothing.message.is_accessible


async def test_with_privacy_a_group_bot_gets_only_what_is_meant_for_it(
    bot: Bot, ann: Person, home: Chat
) -> None:
    await news(bot)
    sent = await bot.send_message(home.chat_id, "I am here")
    mine = home.message(sent.id)
    ann.say("Hello all", home)
    ann.say("/new", home)
    ann.say("/new@other_bot", home)
    ann.say("/new@threadline_bot", home)
    ann.say("What do you think, @threadline_bot?", home)
    ann.say("Nice", home, reply_to=mine)
    assert await heard(bot) == [
        "/new", "/new@threadline_bot", "What do you think, @threadline_bot?", "Nice",
    ]  # fmt: skip


async def test_without_privacy_a_group_bot_gets_everything(
    telegram: TelegramServer, bot: Bot, ann: Person, home: Chat
) -> None:
    await news(bot)
    telegram.group_privacy = False
    ann.say("Hello all", home)
    assert await heard(bot) == ["Hello all"]
    assert (await bot.get_me()).can_read_all_group_messages


async def test_ids_look_like_real_ones(
    telegram: TelegramServer, bot: Bot, ann: Person, home: Chat
) -> None:
    group = telegram.group("Flat", ann)
    assert ann.user_id > 2**32
    assert group.chat_id < 0
    assert str(home.chat_id).startswith("-100")
    first, second = [await bot.send_message(home.chat_id, "x") for _ in "ab"]
    assert second.id > first.id
    assert len({update.update_id for update in await news(bot)}) == len(telegram.updates.confirmed)


async def test_topics_have_a_thread_and_its_first_message_as_reply(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    forum = telegram.supergroup("Ops", ann, topics=("Alerts",))
    telegram.group_privacy = False
    [alerts] = forum.topics
    await news(bot)
    ann.say("In the topic", forum, topic=alerts)
    ann.say("In General", forum)
    inside, outside = [update.message for update in await news(bot)]
    assert inside is not None
    assert (inside.is_topic_message, inside.message_thread_id) == (True, alerts)
    assert inside.reply_to_message is not None
    assert inside.reply_to_message.forum_topic_created is not None
    assert outside is not None
    assert (outside.is_topic_message, outside.message_thread_id) == (None, None)
    await bot.send_message(forum.chat_id, "Seen", message_thread_id=alerts)
    assert forum.answers[-1].topic == alerts
    for topic in (1, 999):
        with pytest.raises(BadRequest, match=r"(?i)message thread not found"):
            await bot.send_message(forum.chat_id, "x", message_thread_id=topic)
    assert await bot.send_chat_action(forum.chat_id, "typing", message_thread_id=1)
    forum.delete_topic(alerts)
    with pytest.raises(BadRequest, match=r"(?i)message thread not found"):
        await bot.send_message(forum.chat_id, "x", message_thread_id=alerts)


async def test_a_reply_in_a_plain_supergroup_has_a_thread_that_is_no_topic(
    bot: Bot, ann: Person, home: Chat
) -> None:
    await news(bot)
    question = ann.say("Who?", home)
    ann.say("@threadline_bot knows", home, reply_to=question)
    [update] = await news(bot)
    assert update.message is not None
    assert update.message.message_thread_id == question.message_id
    assert update.message.is_topic_message is None
    with pytest.raises(BadRequest, match=r"(?i)message thread not found"):
        await bot.send_message(home.chat_id, "x", message_thread_id=question.message_id)


async def test_a_group_that_becomes_a_supergroup_says_where_it_went(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    group = telegram.group("Flat", ann)
    await news(bot)
    new = group.become_supergroup(by=ann)
    old_end, new_begin = [update.message for update in await news(bot)]
    assert old_end is not None
    assert (old_end.chat.id, old_end.migrate_to_chat_id) == (group.chat_id, new.chat_id)
    assert new_begin is not None
    assert (new_begin.chat.id, new_begin.migrate_from_chat_id) == (new.chat_id, group.chat_id)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.chat_id, "Hello?")
    assert moved.value.new_chat_id == new.chat_id
    assert await bot.send_message(new.chat_id, "Hello")


async def test_a_bot_that_was_removed_or_left_may_not_write(
    telegram: TelegramServer, bot: Bot, ann: Person, home: Chat
) -> None:
    group = telegram.group("Flat", ann)
    await news(bot)
    group.remove_bot(by=ann)
    [update] = await news(bot)
    assert update.my_chat_member is not None
    assert update.my_chat_member.new_chat_member.status == "kicked"
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(group.chat_id, "x")
    assert await bot.leave_chat(home.chat_id)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(home.chat_id, "x")
    ann.say("/new", home)
    assert await news(bot) == ()


async def test_members_and_administrators_can_be_asked_for(
    telegram: TelegramServer, bot: Bot, ann: Person, home: Chat
) -> None:
    bob, stranger = list(home.people.values())[1], telegram.person("Carl")
    people = {
        who: (await bot.get_chat_member(home.chat_id, who.user_id)).status
        for who in (ann, bob, stranger)
    }
    assert list(people.values()) == ["creator", "member", "left"]
    assert [one.user.id for one in await bot.get_chat_administrators(home.chat_id)] == [ann.user_id]
    home.add_bot(by=ann, administrator=True)
    assert len(await bot.get_chat_administrators(home.chat_id)) == 2
    assert (await bot.get_chat(home.chat_id)).title == "Home"


async def test_everything_else_that_people_do_can_be_parsed(
    telegram: TelegramServer, bot: Bot, ann: Person, home: Chat
) -> None:
    channel = telegram.channel("News", ann)
    home.add_bot(by=ann, administrator=True)
    carl = telegram.person("Carl")
    await news(bot)
    ann.edit(ann.say("Helo"), "Hello")
    ann.react(ann.chat.messages[0], "👍")
    ann.send_photo(caption="/what is this")
    ann.send_document(b"a,b\n", "t.csv", "text/csv")
    ann.send_voice()
    ann.send_album([media.PNG, media.PNG], "Two")
    ann.forward(["one", "two"], carl, comment="Look:")
    ann.send_poll("Tea?", "Yes", "No")
    long = ann.say_long("x" * 5000)
    robot = telegram.person("Weather", is_bot=True)
    robot.join(home)
    robot.say("Rain", home)
    carl.join(home)
    carl.leave(home)
    channel.post("Extra!")
    ann.block()
    ann.unblock()
    telegram.unknown_update()
    updates = await news(bot)
    assert [type(update).__name__ for update in updates] == ["Update"] * len(updates)
    text = " ".join(str(update) for update in updates)
    for sign in (
        "edited_message", "message_reaction", "photo=", "document=", "voice=", "media_group_id",
        "forward_origin", "poll=", "new_chat_members", "left_chat_member", "channel_post",
        "hologram", "my_chat_member",
    ):  # fmt: skip
        assert re.search(sign, text), sign
    assert [len(one.text) for one in long] == [4096, 904]
    picture = next(update.message for update in updates if update.message and update.message.photo)
    file = await picture.photo[-1].get_file()
    assert bytes(await file.download_as_bytearray()) == media.PNG


async def test_who_is_not_in_a_group_cannot_write_there(
    telegram: TelegramServer, ann: Person, home: Chat
) -> None:
    with pytest.raises(PermissionError, match="Carl is not in Home"):
        telegram.person("Carl").say("Hello", home)
    ann.leave(home)
    with pytest.raises(PermissionError, match="Ann is not in Home"):
        ann.say("Hello", home)


async def test_every_request_is_written_down_in_order(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    await bot.send_chat_action(ann.user_id, "typing")
    with pytest.raises(BadRequest):
        await bot.send_message(ann.user_id, "")
    await bot.send_message(ann.user_id, "Hi")
    calls = telegram.calls_of("sendChatAction", "sendMessage")
    assert [(call.method, call.outcome) for call in calls] == [
        ("sendChatAction", "ok"),
        ("sendMessage", "Bad Request: message text is empty"),
        ("sendMessage", "ok"),
    ]
    assert calls[0].at <= calls[1].at <= calls[2].at
