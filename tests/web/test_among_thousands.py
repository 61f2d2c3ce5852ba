"""Thousands of people say the same words at the same time, and nobody finds those of another."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import pytest

from adapters.contract import Answer
from adapters.memory import MemoryAdapter
from bot.bot import Bot
from sessions.models import Message, Place
from sessions.search import Whose
from sessions.shelf import Wanted
from tests.stories.chats import said
from tests.stories.house import only
from tests.web.running import Side, running

AT_ONCE = 500
KEYS = "a:app:secret-of-a,ab:app:secret-of-ab,ops:admin:secret-of-ops"
HEADERS = {name: {"Authorization": f"Bearer secret-of-{name}"} for name in ("a", "ab", "ops")}
#: Names that are beginnings of one another, and signs that a query could take for more.
ODD = ("p", "p1", "p10", "P1", "p%", "p_", "p*", '"p"', "p:1", "p/1", "chat_p1", "memory:p1")
BEGAN = datetime.now(UTC) - timedelta(days=1)


@dataclass(frozen=True)
class Person:
    """Somebody who has said one thing, and was told one."""

    platform: str
    id: str

    @property
    def owner(self) -> str:
        return f"{self.platform}:{self.id}"

    @property
    def mark(self) -> str:
        """What stands in everything that this person said and was told."""
        return f"<{self.owner}>"


@dataclass(frozen=True)
class Town:
    """A served bot, and people who chat with it."""

    side: Side
    chat: MemoryAdapter


@asynccontextmanager
async def town(home: Path) -> AsyncIterator[Town]:
    async with running(home, API_KEYS=KEYS, MESSAGES_PER_MINUTE="1000") as side:
        chat = MemoryAdapter()
        side.bot.turns.outbox.connect(chat)
        async with chat.serve(side.bot.handle, side.bot.commands):
            yield Town(side, chat)


def everybody(many: int) -> Sequence[Person]:
    in_chats = [Person("memory", name) for name in ODD]
    in_chats += [Person("memory", f"p{number}") for number in range(2, many) if number != 10]
    by_key = [
        Person("api", f"{key}/p{number}") for number in range(many // 2) for key in ("a", "ab")
    ]
    return [*in_chats, *by_key]


async def speak(bot: Bot, person: Person, number: int) -> None:
    """Store what somebody said and was told, as a turn does."""
    place = Place(person.platform, person.id, person.id)
    thread = str(uuid5(NAMESPACE_OID, person.owner))
    asked = Message(
        id=str(uuid5(NAMESPACE_OID, f"{thread}/question")),
        role="user",
        text=f"the common secret of {person.mark}",
        place=place,
        created_at=BEGAN + timedelta(seconds=number),
        state="running",
        thread_id=thread,
        session_id=f"session of {person.owner}",
        sender_name="Somebody",
    )
    await bot.conversations.receive(asked)
    await bot.conversations.bind(asked, owner=person.owner)
    told = f"I keep the common secret of {person.mark}"
    row = bot.turns.endings.reply_row(asked, str(uuid5(NAMESPACE_OID, f"{thread}/answer")), told)
    await bot.conversations.answer(asked.id, row)


def only_ones_own(person: Person, texts: Sequence[str], many: int) -> None:
    assert len(texts) == many, person
    assert all(person.mark in text for text in texts), person


async def get(side: Side, path: str, key: str, **query: Any) -> Any:
    response = await side.client.get(path, headers=HEADERS[key], params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def finds_in_chat(chat: MemoryAdapter, person: Person) -> None:
    """Look as a person does: search, list and take along."""
    found = said(await chat.say(person.id, "/search common secret"))
    only_ones_own(person, [line for line in found.splitlines() if "secret of" in line], 2 + 2)
    listed = said(await chat.say(person.id, "/resume"))
    only_ones_own(person, listed.splitlines()[1:], 1)
    file = only(Answer, await chat.say(person.id, "/export json all"))
    assert isinstance(file, Answer)
    (conversation,) = json.loads(file.attachments[0].content)["conversations"]
    only_ones_own(person, [each["text"] for each in conversation["messages"]], 2)


async def finds_over_http(side: Side, person: Person) -> None:
    """Look as a program does for one of its people."""
    key, _, user_id = person.id.partition("/")
    (one,) = (await get(side, "/api/conversations", key, user_id=user_id))["items"]
    page = await get(side, f"/api/conversations/{one['id']}/messages", key)
    only_ones_own(person, [each["text"] for each in page["items"]], 2)
    found = await get(side, "/api/search", key, user_id=user_id, q="common secret")
    only_ones_own(person, [each["line"] for each in found["items"]], 2)
    taken = await get(side, "/api/person/export", key, user_id=user_id)
    said_ = [each["text"] for one in taken["conversations"] for each in one["messages"]]
    only_ones_own(person, said_, 2)
    other = "ab" if key == "a" else "a"
    answer = await side.client.get(f"/api/conversations/{one['id']}", headers=HEADERS[other])
    assert answer.status_code == 404


@pytest.mark.timeout(300)
@pytest.mark.parametrize("many", [1_000, pytest.param(10_000, marks=pytest.mark.soak)])
async def test_nobody_finds_the_words_of_another_among_thousands(tmp_path: Path, many: int) -> None:
    people = everybody(many)
    assert len({each.owner for each in people}) == len(people) == 2 * many + len(ODD) - 3
    async with town(tmp_path) as here:
        bot, side = here.side.bot, here.side
        for start in range(0, len(people), AT_ONCE):
            some = enumerate(people[start : start + AT_ONCE], start)
            await asyncio.gather(*(speak(bot, each, number) for number, each in some))
        assert await bot.library.search.catch_up()
        odd = people[: len(ODD)]
        for person in [*odd, *people[len(ODD) :: many // 50]]:
            found = await bot.library.search.find(Whose(person.owner), "common secret", limit=99)
            only_ones_own(person, [hit.message.text for hit in found.hits], 2)
            mine = await bot.library.shelf.page(Wanted(person.owner), limit=99)
            assert [each.owner for each in mine] == [person.owner]
        for person in [*odd, people[777]]:
            await finds_in_chat(here.chat, person)
        for person in people[-300::71]:
            await finds_over_http(side, person)
        for key in ("a", "ab"):
            found = await get(side, "/api/search", key, q="common secret", limit=100)
            assert all(f"<api:{key}/" in item["line"] for item in found["items"])
            assert found["next"] == 100
