"""Somebody who spoke where several speak is forgotten: nothing of theirs is left there either."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.stories.chats import said, sessions_by_chat
from tests.stories.house import House, answer_in, card_in, open_house
from tests.stories.words_left import MARKER, left_in

GROUP = "-100"


def together(home: Path) -> AbstractAsyncContextManager[House]:
    return open_house(home, GROUP_SESSIONS="chat", ADMINS="memory:ann,memory:eve")


async def until_unfinished(house: House, many: int) -> None:
    for _ in range(500):
        if len(await house.bot.conversations.unfinished()) == many:
            return
        await asyncio.sleep(0.01)


async def forget(house: House, person: str) -> None:
    assert "It cannot be undone" in said(await house.people.say(person, "/forget"))
    assert "is deleted" in said(await house.people.say(person, "/forget everything"))


async def test_titles_tags_lists_edits_and_what_was_undone_go(tmp_path: Path) -> None:
    async with together(tmp_path) as house:
        say = house.people.say
        await say("bob", "hello from bob", chat=GROUP)
        await say("ann", f"note: {MARKER}", chat=GROUP)
        await say("eve", "/undo", chat=GROUP)
        card = card_in(await say("ann", f"send {MARKER} to me", chat=GROUP))
        await house.people.tap("ann", card.approval_id)
        await say("eve", "/undo", chat=GROUP)
        await say("ann", f"/title {MARKER} at home", chat=GROUP)
        await say("ann", f"/tag {MARKER} garden", chat=GROUP)
        await say("eve", "/tag eve", chat=GROUP)
        await say("eve", "/fork", chat=GROUP)
        await say("bob", "\n /history", chat=GROUP)
        card = card_in(await say("ann", f"send {MARKER} to telegram:1", chat=GROUP))
        assert MARKER in said(await say("eve", "/approvals"))
        edited = json.dumps({"to": "telegram:1", "text": f"{MARKER}, edited"})
        await say("eve", f"/edit {card.approval_id} {edited}")
        await say("eve", "something else")
        await forget(house, "ann")
        assert await left_in(tmp_path) == []
        assert "hello from bob" in said(await say("bob", "/history", chat=GROUP))
        assert "something else" in said(await say("eve", "/history"))
        assert said(await say("eve", "/tag", chat=GROUP)).startswith("Tags of this conversation: ")


async def test_what_was_said_before_and_waits_in_line_elsewhere_goes_too(tmp_path: Path) -> None:
    async with together(tmp_path) as house:
        say = house.people.say
        await say("bob", "hello", chat=GROUP)
        thread_id = (await sessions_by_chat(house))[GROUP].thread_id
        async with house.bot.turns.lanes.exclusive(thread_id):
            waiting = [asyncio.create_task(say("bob", "a slow one", chat=GROUP))]
            await until_unfinished(house, 1)
            for text in (MARKER, f"remind me in 1 hour to {MARKER}", f"send {MARKER} to me"):
                waiting += [asyncio.create_task(say("ann", text, chat=GROUP))]
                await until_unfinished(house, len(waiting))
            await say("ann", "/forget")
            waiting += [asyncio.create_task(say("ann", "/forget everything"))]
            done, _ = await asyncio.wait(waiting, timeout=0.5)
            assert not done
        await asyncio.gather(*waiting)
        assert await left_in(tmp_path) == []
        assert "a slow one" in said(await say("bob", "/history", chat=GROUP))


async def test_nobody_says_the_words_of_another_again(tmp_path: Path) -> None:
    async with together(tmp_path) as house:
        say = house.people.say
        await say("ann", "my cat is Tom", chat=GROUP)
        assert "somebody else's" in said(await say("eve", "/retry", chat=GROUP))
        assert answer_in(await say("ann", "/retry", chat=GROUP))
        assert "Ann: my cat is Tom" in said(await say("bob", "/history", chat=GROUP))


async def test_a_conversation_that_began_while_one_waited_to_be_forgotten_goes_too(
    tmp_path: Path,
) -> None:
    async with together(tmp_path) as house:
        say = house.people.say
        await say("ann", "hello")
        await say("ann", "/forget")
        thread_id = (await sessions_by_chat(house))["ann"].thread_id
        waiting: list[asyncio.Task[object]] = []
        async with house.bot.turns.lanes.exclusive(thread_id):
            for text in ("a slow one", "/new", f"{MARKER} anew", "/forget everything", "later"):
                waiting += [asyncio.create_task(say("ann", text))]
                await until_unfinished(house, len(waiting))
        await asyncio.gather(*waiting)
        assert await left_in(tmp_path) == []
        assert "you: later" in said(await say("ann", "/history"))
