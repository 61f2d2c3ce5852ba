"""What a client takes apart is put together again, and nothing else waits for it."""

from adapters.contract import Attachment
from tests.adapters.telegram.side import telegram_side
from tests.emulators.telegram import media


async def test_a_text_that_was_split_is_one_message() -> None:
    text = " ".join(f"word{number}" for number in range(1500))
    async with telegram_side() as side:
        pieces = side.ann.say_long(text)
        await side.said()
        (message,) = side.bot.messages
        assert message.text.split() == text.split()
        assert message.message_id == str(pieces[0].message_id)
        assert message.pieces == tuple(str(each.message_id) for each in pieces[1:])


async def test_an_album_is_one_message_with_all_its_pictures() -> None:
    async with telegram_side() as side:
        side.ann.send_album([media.PNG, media.PNG, media.PNG], caption="our garden")
        await side.said()
        (message,) = side.bot.messages
        assert message.text == "our garden"
        assert [each.content for each in message.attachments] == [media.PNG] * 3


async def test_an_album_in_a_group_is_for_the_bot_if_one_of_its_captions_names_it() -> None:
    async with telegram_side() as side:
        side.telegram.group_privacy = False
        group = side.telegram.supergroup("Family", side.ann)
        side.ann.send_album([media.PNG, media.PNG], "@threadline_bot what is this?", group)
        await side.telegram.until(lambda: group.answers)
        (message,) = side.bot.messages
        assert message.text == "what is this?"
        assert len(message.attachments) == 2


async def test_a_forwarded_bundle_comes_with_its_comment() -> None:
    async with telegram_side() as side:
        bea = side.telegram.person("Bea")
        side.ann.forward(["first", "second"], bea, comment="what does she mean?")
        side.ann.say("and hello")
        await side.said(2)
        assert side.bot.texts == [
            "what does she mean?\n[forwarded from Bea]\nfirst\n[forwarded from Bea]\nsecond",
            "and hello",
        ]


async def test_two_texts_in_a_row_are_two_messages_in_their_order() -> None:
    async with telegram_side() as side:
        for number in range(5):
            side.ann.say(f"message {number}")
        await side.said(5)
        assert side.bot.texts == [f"message {number}" for number in range(5)]


async def test_a_long_text_of_one_does_not_hold_up_another_chat() -> None:
    async with telegram_side() as side:
        bea = side.telegram.person("Bea")
        side.ann.say("x" * 4000)
        bea.say("hello")
        await side.said(to=bea)
        assert side.bot.texts == ["hello"], "the short text waited for the long one"
        await side.said()


async def test_an_album_with_a_file_that_is_too_large_says_so() -> None:
    async with telegram_side(max_attachment_bytes=len(media.PNG)) as side:
        side.ann.send_album([media.PNG, media.PNG + b"0"], caption="these")
        await side.said()
        (message,) = side.bot.messages
        assert [type(each) for each in message.attachments] == [Attachment]
        assert "was not read: it is larger than" in message.text


async def test_a_picture_that_came_after_a_crash_is_not_dropped_with_those_before_it() -> None:
    async with telegram_side() as side:
        side.telegram.faults.delay("getUpdates", 0.3, after_effect=False)
        sent = side.ann.send_album([media.PNG, media.PNG, media.PNG], caption="our garden")
        side.reception.stored = {str(each.message_id) for each in sent[:2]}
        await side.said()
        (message,) = side.bot.messages
        assert message.message_id == str(sent[2].message_id)
        assert len(message.attachments) == 1
