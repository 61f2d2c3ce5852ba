"""What the stand-in accepts and refuses of messages, as python-telegram-bot sees it."""

import re
from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden, InvalidToken
from telegram.request import HTTPXRequest

from tests.emulators.telegram import media
from tests.emulators.telegram.people import Person
from tests.emulators.telegram.server import TelegramServer


def refused(sentence: str) -> Any:
    return pytest.raises(BadRequest, match=re.compile(re.escape(sentence), re.IGNORECASE))


def keys(**labels: str) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(label, callback_data=data) for label, data in labels.items()]
    return InlineKeyboardMarkup([row])


def entity(kind: str, offset: int, length: int, url: str | None = None) -> MessageEntity:
    return MessageEntity(kind, offset, length, url)


async def test_a_text_is_shown_with_its_entities_and_buttons(bot: Bot, ann: Person) -> None:
    bold = entity("bold", 2, 4)
    sent = await bot.send_message(
        ann.user_id, "A bold word", entities=[bold], reply_markup=keys(Yes="y")
    )
    [shown] = ann.chat.answers
    assert (shown.text, shown.labels, shown.message_id) == ("A bold word", ["Yes"], sent.id)
    assert shown.entities == [{"type": "bold", "offset": 2, "length": 4}]
    assert sent.entities == (bold,)


async def test_a_text_is_at_most_4096_utf16_units_long(bot: Bot, ann: Person) -> None:
    await bot.send_message(ann.user_id, "😀" * 2048)
    with refused("message is too long"):
        await bot.send_message(ann.user_id, "😀" * 2048 + "x")
    assert len(ann.chat.answers) == 1


async def test_an_empty_text_is_refused(bot: Bot, ann: Person) -> None:
    with refused("message text is empty"):
        await bot.send_message(ann.user_id, "")
    with refused("text must be non-empty"):
        await bot.send_message(ann.user_id, " \n ")


async def test_white_space_around_a_text_goes_and_entities_move_with_it(
    bot: Bot, ann: Person
) -> None:
    sent = await bot.send_message(ann.user_id, "\n  x bold  \n", entities=[entity("bold", 5, 7)])
    assert sent.text == "x bold"
    assert [(one.offset, one.length) for one in sent.entities] == [(2, 4)]


@pytest.mark.parametrize(
    ("text", "entities", "sentence"),
    [
        ("hello", [entity("bold", 5, 1)], "begins after the end of the text at UTF-16 offset 5"),
        ("hello", [entity("bold", 3, 3)], "ends after the end of the text at UTF-16 offset 6"),
        ("😀😀", [entity("bold", 1, 2)], "begins in a middle of a UTF-16 symbol"),
        ("😀😀", [entity("bold", 0, 3)], "ends in a middle of a UTF-16 symbol"),
        ("hello", [entity("bold", 0, 3), entity("italic", 2, 3)], "can't parse entities"),
        ("hello", [entity("pre", 0, 5), entity("bold", 1, 2)], "can't parse entities"),
        ("hello", [entity("bold", 0, 5), entity("code", 1, 2)], "can't parse entities"),
        ("hello", [entity("blockquote", 0, 5), entity("blockquote", 1, 2)], "can't be nested"),
        ("hello", [entity("text_link", 0, 5, url="javascript:x()")], "Unsupported URL protocol"),
        ("hello", [entity("text_link", 0, 5, url="http://localhost")], "Wrong HTTP URL"),
        ("hello", [entity("text_link", 0, 5)], 'Can\'t find field "url"'),
        ("hello", [entity("loud", 0, 5)], "Unsupported type specified"),
    ],
)
async def test_entities_fit_the_text_and_each_other(
    bot: Bot, ann: Person, text: str, entities: list[MessageEntity], sentence: str
) -> None:
    with refused(sentence):
        await bot.send_message(ann.user_id, text, entities=entities)
    assert ann.chat.answers == []


async def test_styles_in_each_other_and_code_in_a_quote_are_fine(bot: Bot, ann: Person) -> None:
    nested = [
        entity("bold", 0, 5),
        entity("italic", 0, 5),
        entity("text_link", 1, 2, url="http://a.example"),
    ]
    await bot.send_message(ann.user_id, "hello", entities=nested)
    await bot.send_message(
        ann.user_id, "hello", entities=[entity("blockquote", 0, 5), entity("code", 0, 2)]
    )
    assert len(ann.chat.answers) == 2


async def test_entities_beyond_a_hundred_are_ignored(bot: Bot, ann: Person) -> None:
    sent = await bot.send_message(
        ann.user_id, "x" * 150, entities=[entity("bold", at, 1) for at in range(150)]
    )
    assert len(sent.entities) == 100


async def test_a_parse_mode_is_refused_because_the_stand_in_reads_entities_only(
    bot: Bot, ann: Person
) -> None:
    with refused("unsupported parse_mode"):
        await bot.send_message(ann.user_id, "*x*", parse_mode="MarkdownV2")


async def test_a_button_holds_1_to_64_bytes(bot: Bot, ann: Person) -> None:
    await bot.send_message(ann.user_id, "?", reply_markup=keys(Yes="ü" * 32))
    for data in ("ü" * 32 + "x", ""):
        with refused("BUTTON_DATA_INVALID"):
            markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": data}]]}
            await bot.send_message(ann.user_id, "?", api_kwargs={"reply_markup": markup})
    with refused("Text buttons are unallowed"):
        empty = InlineKeyboardMarkup([[InlineKeyboardButton("Yes")]])
        await bot.send_message(ann.user_id, "?", reply_markup=empty)


async def test_an_edit_changes_the_text_and_takes_the_buttons_away(bot: Bot, ann: Person) -> None:
    sent = await bot.send_message(ann.user_id, "Delete?", reply_markup=keys(Yes="y", No="n"))
    await sent.edit_text("Deleted")
    [shown] = ann.chat.answers
    assert (shown.text, shown.labels, shown.edits) == ("Deleted", [], ["Delete?"])
    with refused("message is not modified: specified new message content"):
        await sent.edit_text("Deleted")
    await sent.edit_reply_markup(keys(Undo="u"))
    assert (shown.text, shown.labels) == ("Deleted", ["Undo"])


async def test_only_own_messages_that_are_there_can_be_edited(bot: Bot, ann: Person) -> None:
    with refused("message can't be edited"):
        await bot.edit_message_text("x", ann.user_id, ann.chat.messages[0].message_id)
    sent = await bot.send_message(ann.user_id, "x")
    assert await sent.delete()
    with refused("message to edit not found"):
        await sent.edit_text("y")
    with refused("message to delete not found"):
        await sent.delete()
    picture = await bot.send_photo(ann.user_id, media.PNG)
    with refused("there is no text in the message to edit"):
        await picture.edit_text("y")


async def test_a_reply_needs_its_message(bot: Bot, ann: Person) -> None:
    question = ann.say("Why?")
    sent = await bot.send_message(
        ann.user_id, "Because", reply_parameters=ReplyParameters(question.message_id)
    )
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "Why?"
    with refused("message to be replied not found"):
        await bot.send_message(ann.user_id, "x", reply_parameters=ReplyParameters(9_999))
    anyway = ReplyParameters(9_999, allow_sending_without_reply=True)
    assert (
        await bot.send_message(ann.user_id, "x", reply_parameters=anyway)
    ).reply_to_message is None


async def test_a_draft_is_a_preview_until_the_message_comes(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    await bot.send_message_draft(ann.user_id, 7, "Once upon")
    await bot.send_message_draft(ann.user_id, 7, "Once upon a time")
    assert ann.chat.draft == ann.chat.drafts[-1]
    assert [draft.text for draft in ann.chat.drafts] == ["Once upon", "Once upon a time"]
    await bot.send_message(ann.user_id, "Once upon a time there was")
    assert not ann.chat.draft
    await bot.send_message_draft(ann.user_id, 8)
    assert ann.chat.draft == ann.chat.drafts[-1]
    with refused("draft_id must be non-zero"):
        await bot.send_message_draft(ann.user_id, 0, "x")
    group = telegram.group("Home", ann)
    with refused("TEXTDRAFT_PEER_INVALID"):
        await bot.send_message_draft(group.chat_id, 7, "x")


async def test_who_never_pressed_start_cannot_be_written_to(
    telegram: TelegramServer, bot: Bot
) -> None:
    bob, carl = telegram.person("Bob"), telegram.person("Carl")
    telegram.group("Home", bob)
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(bob.user_id, "hi")
    with refused("chat not found"):
        await bot.send_message(carl.user_id, "hi")
    with refused("chat not found"):
        await bot.send_message("@nobody", "hi")


async def test_who_blocked_the_bot_gets_nothing_until_they_write_again(
    bot: Bot, ann: Person
) -> None:
    ann.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ann.user_id, "hi")
    ann.say("Back again")
    assert await bot.send_message(ann.user_id, "hi")


async def test_files_go_up_and_come_down(telegram: TelegramServer, bot: Bot, ann: Person) -> None:
    sent = await bot.send_document(ann.user_id, b"a,b\n", filename="t.csv", caption="A table")
    assert sent.document is not None
    assert (sent.document.file_name, sent.caption) == ("t.csv", "A table")
    file = await sent.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"a,b\n"
    again = await bot.send_document(ann.user_id, sent.document.file_id)
    assert again.document is not None
    with refused("message caption is too long"):
        await bot.send_document(ann.user_id, b"x", filename="t.csv", caption="x" * 1025)
    with refused("file must be non-empty"):
        await bot.send_document(ann.user_id, b"", filename="t.csv")
    with refused("IMAGE_PROCESS_FAILED"):
        await bot.send_photo(ann.user_id, b"no picture")
    with refused("invalid file_id"):
        await bot.get_file("gone")


async def test_commands_are_kept_by_scope_and_language(telegram: TelegramServer, bot: Bot) -> None:
    await bot.set_my_commands([("new", "Begin anew")])
    await bot.set_my_commands([("new", "Von vorn")], language_code="de")
    assert await bot.get_my_commands() == (BotCommand("new", "Begin anew"),)
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    assert [(key[1], one) for key, one in telegram.commands.items()] == [
        ("de", [{"command": "new", "description": "Von vorn"}])
    ]
    with refused("BOT_COMMAND_INVALID"):
        await bot.set_my_commands([("New one", "x")])


async def test_typing_and_reactions_are_seen(bot: Bot, ann: Person) -> None:
    await bot.send_chat_action(ann.user_id, "typing")
    assert [one.action for one in ann.chat.actions] == ["typing"]
    question = ann.say("Thanks")
    await bot.set_message_reaction(ann.user_id, question.message_id, "👍")
    assert question.reactions == ("👍",)
    with refused("REACTION_INVALID"):
        await bot.set_message_reaction(ann.user_id, question.message_id, "🧱")
    with refused("wrong parameter action in request"):
        await bot.send_chat_action(ann.user_id, "dancing")


async def test_a_wrong_token_and_an_unknown_method_are_told_apart(telegram: TelegramServer) -> None:
    async with HTTPXRequest() as wire, HTTPXRequest() as line:
        for token in ("nonsense", f"7204885114:{'x' * 35}"):
            stranger = Bot(token, telegram.base_url, request=wire, get_updates_request=line)
            with pytest.raises(InvalidToken):
                await stranger.initialize()
    assert [call.outcome for call in telegram.calls] == ["Not Found", "Unauthorized"]
    async with Bot(telegram.token, base_url=telegram.base_url) as bot:
        with pytest.raises(InvalidToken, match="Not Found"):
            await bot.send_dice(1)
    assert telegram.unknown_methods == ["sendDice"]
    telegram.unknown_methods.clear()
