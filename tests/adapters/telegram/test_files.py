"""Pictures and text files reach the bot; what it cannot use is named."""

import pytest

from adapters.contract import Answer, Attachment
from tests.adapters.telegram.side import Bot, telegram_side
from tests.emulators.telegram import media


async def test_a_photo_comes_as_a_picture() -> None:
    async with telegram_side() as side:
        side.ann.send_photo(caption="what is this?")
        await side.said()
        (message,) = side.bot.messages
        assert message.text == "what is this?"
        (photo,) = message.attachments
        assert (photo.media_type, photo.content) == ("image/jpeg", media.PNG)


async def test_a_photo_without_words_is_a_message_too() -> None:
    async with telegram_side() as side:
        side.ann.send_photo()
        await side.said()
        (message,) = side.bot.messages
        assert message.attachments
        assert message.text == f"[{message.attachments[0].name}]"


@pytest.mark.parametrize(
    ("name", "kind", "read_as"),
    [
        ("notes.txt", "text/plain", "text/plain"),
        ("data.json", "application/json", "application/json"),
        ("tool.py", "application/octet-stream", "text/x-python"),
        ("shot.png", "image/png", "image/png"),
    ],
)
async def test_text_files_and_pictures_are_read(name: str, kind: str, read_as: str) -> None:
    async with telegram_side() as side:
        side.ann.send_document(b"content", name, kind, caption="read it")
        await side.said()
        assert side.bot.messages[0].attachments == (Attachment(name, read_as, b"content"),)


async def test_other_files_are_named_with_what_can_be_read() -> None:
    async with telegram_side() as side:
        side.ann.send_document(b"PK", "all.zip", "application/zip", caption="unpack it")
        side.ann.send_document(b"PK", "all.zip", "application/zip")
        said = await side.said(2)
        assert side.bot.texts == [
            "unpack it\n[all.zip was not read: only pictures and text files are]"
        ]
        assert "all.zip was not read: only pictures and text files are." in said


async def test_voice_is_acknowledged_with_what_can_be_done() -> None:
    async with telegram_side() as side:
        side.ann.send_voice()
        assert await side.said() == [
            "A voice message was not read: only pictures and text files are."
        ]
        assert side.bot.seen == []


async def test_a_file_that_is_too_large_is_not_even_fetched() -> None:
    async with telegram_side(max_attachment_bytes=1_000_000) as side:
        side.ann.send_document(b"0" * 1_000_001, "big.txt", caption="read it")
        await side.said()
        assert side.bot.texts == ["read it\n[big.txt was not read: it is larger than 1 MB]"]
        assert not side.telegram.calls_of("getFile", "download")


async def test_a_download_that_breaks_off_is_tried_again() -> None:
    async with telegram_side() as side:
        side.telegram.faults.drop("download", times=1)
        side.ann.send_document(b"content", "notes.txt", caption="read it")
        await side.said()
        assert side.bot.messages[0].attachments[0].content == b"content"


async def test_an_answer_brings_its_files() -> None:
    files = (
        Attachment("plan.txt", "text/plain", b"first, second"),
        Attachment("map.png", "image/png", media.PNG),
    )
    bot = Bot(lambda _: (Answer("a", "Here they are.", attachments=files),))
    async with telegram_side(bot) as side:
        side.ann.say("the files, please")
        await side.said(3)
        said, plan, picture = side.ann.chat.answers
        assert said.text == "Here they are."
        await bot.until_done(1)
        assert "document" in plan.now.body
        assert "photo" in picture.now.body
        assert len(bot.parts) == 3


async def test_after_a_crash_only_the_files_that_are_missing_are_sent() -> None:
    file = Attachment("plan.txt", "text/plain", b"first, second")
    async with telegram_side() as side:
        side.ann.say("hello")
        await side.said()
        there = str(side.ann.chat.answers[0].message_id)
        to = side.bot.messages[0].sender
        answer = Answer("a", "The plan.", (there,), attachments=(file,))
        await side.adapter.deliver(to, side.bot.noted(answer))
        assert [each.text for each in side.ann.chat.answers] == ["The plan.", ""]
        both = tuple(str(each.message_id) for each in side.ann.chat.answers)
        await side.adapter.deliver(
            to, side.bot.noted(Answer("a", "The plan.", both, attachments=(file,)))
        )
        assert len(side.ann.chat.answers) == 2
