"""People send files, and get files with answers."""

import asyncio
from pathlib import Path

import pytest

from adapters.contract import Answer, Attachment
from sessions.models import Place
from tests.stories.house import House, answer_in, card_in, open_house

ANN = Place("memory", "ann", "ann")
NOTES = Attachment("notes.txt", "text/plain", "Käse kaufen".encode())
PHOTO = Attachment("photo.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))


async def messages_of(house: House, person: str) -> list[str]:
    """Give what the agent has in its thread of what a person said."""
    session = next(each for each in await house.bot.sessions.all() if person in each.user_id)
    found = await house.bot.turns.runner._messages(session.thread_id)
    return [str(each.content) for each in found if each.type == "human"]


async def test_the_text_of_a_text_file_reaches_the_agent(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "What is in it?", attachments=(NOTES,))
        (read,) = await messages_of(house, "ann")
        assert read == "What is in it?\n\n[File notes.txt]\nKäse kaufen\n[End of notes.txt]"


async def test_a_file_without_a_word_is_a_message_too(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert answer_in(await house.people.say("ann", "", attachments=(PHOTO,)))
        assert await messages_of(house, "ann") == ["[Picture photo.png]"]


async def test_what_the_agent_writes_to_a_file_comes_with_the_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        replies = await house.people.say("ann", "write tea and milk to a file")
        (answer,) = [each for each in replies if isinstance(each, Answer)]
        (file,) = answer.attachments
        assert (file.name, file.media_type) == ("answer.txt", "text/plain")
        assert file.content == b"tea and milk"


async def test_files_are_kept_with_what_was_said_and_deleted_with_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "Look", attachments=(PHOTO, NOTES))
        await house.people.say("ann", "write secret words to a file")
        data = [path for path in (tmp_path / "data").iterdir() if path.is_file()]

        def standing(words: bytes) -> bool:
            return any(words in path.read_bytes() for path in data if path.exists())

        assert await asyncio.to_thread(standing, PHOTO.content)
        await house.people.say("ann", "/clear")
        assert not await asyncio.to_thread(standing, PHOTO.content)
        assert not await asyncio.to_thread(standing, NOTES.content)
        assert not await asyncio.to_thread(standing, b"secret words")


async def test_saying_it_again_sends_the_files_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "What is in it?", attachments=(NOTES,))
        await house.people.say("ann", "/retry")
        (read,) = await messages_of(house, "ann")
        assert "Käse kaufen" in read


async def test_a_file_is_there_after_a_restart_too(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "write one to a file")
    async with open_house(tmp_path, recovering=True) as house:
        (row,) = await house.bot.conversations.mailbox(ANN, after=0, limit=9)
        (file,) = await house.bot.conversations.files.of(row.id)
        assert file.content == b"one"


async def test_an_album_is_one_message_however_often_its_pieces_come(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        say = house.people.say
        assert await say("ann", "Two", message_id="7", pieces=("8", "9"), attachments=(NOTES,))
        for again in ("7", "8", "9"):
            assert await say("ann", "Two", message_id=again) == ()
        assert await say("ann", "Another", message_id="10")


@pytest.mark.parametrize("decider", ["admins", "two"])
async def test_files_wait_behind_an_approval_like_words(tmp_path: Path, decider: str) -> None:
    admins = "memory:bob,memory:cem"
    async with open_house(tmp_path, APPROVERS=f"*:{decider}", ADMINS=admins) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        await house.people.say("ann", "And this", attachments=(NOTES,))
        await house.people.tap("bob", card.approval_id)
        if decider == "two":
            await house.people.tap("cem", card.approval_id)
        for _ in range(500):
            read = await messages_of(house, "ann")
            if len(read) == 2:
                break
            await asyncio.sleep(0.01)
        assert "Käse kaufen" in read[1]
