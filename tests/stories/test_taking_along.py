"""People take their words along as a file."""

import json
from pathlib import Path

from adapters.contract import Answer
from tests.stories.chats import said
from tests.stories.house import only, open_house
from tests.stories.words_left import MARKER, left_in


async def test_a_conversation_or_all_of_them_come_as_a_file(tmp_path: Path) -> None:
    async with open_house(tmp_path, BOT_NAME="Ada") as house:
        say = house.people.say
        assert "Nothing was said" in said(await say("ann", "/export"))
        await say("ann", "how much water for a fern")
        answer = only(Answer, await say("ann", "/export"))
        assert isinstance(answer, Answer)
        (file,) = answer.attachments
        assert (file.name, file.media_type) == ("how-much-water-for-a-fern.md", "text/markdown")
        text = file.content.decode()
        assert text.startswith("# how much water for a fern")
        assert "**Ann**, 20" in text
        assert "**Ada**, 20" in text
        await say("ann", "/new")
        await say("ann", "another subject")
        everything = only(Answer, await say("ann", "/export all json"))
        assert isinstance(everything, Answer)
        assert "Your 2 conversations" in everything.text
        found = json.loads(everything.attachments[0].content)["conversations"]
        assert {each["title"] for each in found} == {"how much water for a fern", "another subject"}
        assert "/export markdown" in said(await say("ann", "/export pdf"))
        assert "direct chat" in said(await say("ann", "/export all", chat="-100"))
        assert "Nothing was said" in said(await say("bob", "/export all"))


async def test_a_cleared_conversation_stands_in_no_file_that_was_given_before(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", f"{MARKER} is here")
        await house.people.say("ann", "/new")
        await house.people.say("ann", "something else")
        await house.people.say("ann", "/export all")
        await house.people.say("ann", "/resume 1")
        await house.people.say("ann", "/clear")
        assert await left_in(tmp_path) == []
