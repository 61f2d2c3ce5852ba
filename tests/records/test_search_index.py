"""The search index over the messages of many people, one after another."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from sessions.conversations import Conversations
from sessions.database import Database
from sessions.models import Place
from sessions.search import Search, Whose
from sessions.shelf import Shelf
from tests.records.made_up import message, reply

PEOPLE = 40


@pytest.fixture
async def search(database: Database, path: Path) -> AsyncIterator[Search]:
    index = path.with_name("search.db")
    async with Search.open(index, database, said=lambda text: not text.startswith("/")) as search:
        yield search


async def speak(conversations: Conversations, person: str, words: str) -> None:
    place = Place("memory", person, person)
    said = message(words, place=place)
    await conversations.receive(said)
    bound = replace(said, thread_id=f"thread of {person}", session_id="s", state="running")
    await conversations.bind(bound, owner=f"memory:{person}")
    heard = f"{person} said {words}"
    answer = reply(heard, place=place, thread_id=bound.thread_id, session_id="s")
    await conversations.answer(said.id, answer)


async def test_of_many_who_use_the_same_words_each_finds_their_own(
    conversations: Conversations, search: Search
) -> None:
    names = [f"p{number}" for number in range(PEOPLE)]
    for turn in range(2):
        words = f"the common words {turn}"
        await asyncio.gather(*(speak(conversations, each, words) for each in names))
    assert await search.catch_up(), "it is complete"
    for name in names:
        found = await search.find(Whose(f"memory:{name}"), "common words", limit=50)
        assert len(found.hits) == 4
        assert {hit.message.place.user_id for hit in found.hits} == {name}
    assert (await search.find(Whose("memory:p"), "common", limit=5)).hits == []
    pages = [
        (await search.find(Whose("memory:p7"), "common", limit=3, after=after)).hits
        for after in (0, 3)
    ]
    assert [len(page) for page in pages] == [3, 1]


async def test_a_search_does_not_wait_long_for_an_index_that_is_far_behind(
    conversations: Conversations, search: Search
) -> None:
    for start in range(0, 1200, 300):
        names = [f"p{number}" for number in range(start, start + 300)]
        await asyncio.gather(*(speak(conversations, each, "early words") for each in names))
    assert await search.catch_up(0) is False
    assert await search.catch_up() is True
    found = await search.find(Whose("memory:p1199"), "early", limit=5)
    assert (len(found.hits), found.complete) == (2, True)


async def test_what_has_a_tag_is_found_though_hundreds_without_it_are_better(
    conversations: Conversations, search: Search, database: Database
) -> None:
    await speak(conversations, "rare", f"an apple {'among many other words ' * 20}")
    await asyncio.gather(*(speak(conversations, f"p{each}", "apple") for each in range(300)))
    await Shelf(database).tag("thread of rare", add=["fruit"])
    for limit in (1, 5):
        found = await search.find(Whose(""), "apple", tag="fruit", limit=limit)
        assert [hit.message.thread_id for hit in found.hits] == ["thread of rare"] * min(limit, 2)
