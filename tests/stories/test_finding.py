"""Somebody finds what they said before, and nobody finds what others said."""

import asyncio
from pathlib import Path

from adapters.contract import Approve
from tests.stories.chats import said
from tests.stories.house import House, answer_in, card_in, open_house
from tests.stories.words_left import MARKER, left_in

SIGNS = (
    *('"', "*", "(a", "'", "^hello", "-hello", "a AND", "{text}", chr(0), f"a{chr(0)}b"),
    *("secret OR hello", "text:secret", "whose:w*", "NEAR(a b)", '" OR whose : "'),
)


async def find(house: House, person: str, words: str, chat: str = "") -> str:
    return said(await house.people.say(person, f"/search {words}", chat=chat))


async def test_words_are_found_the_best_first_with_a_line_around_them(tmp_path: Path) -> None:
    async with open_house(tmp_path, BOT_NAME="Ada") as house:
        say = house.people.say
        await say("ann", "my cat is called Tom and he sleeps on the piano")
        await say("ann", "/new")
        await say("ann", f"{'many words about nothing ' * 30} and then a cat {'and more ' * 30}")
        await say("ann", "/new")
        answer = answer_in(await say("ann", "my dog is Rex"))
        text = await find(house, "ann", "CAT")
        first, of_first, *_ = text.splitlines()
        assert first.startswith("1. 20")
        assert "you: my cat is called Tom" in first
        assert of_first == "   in: my cat is called Tom and he sleeps on the piano"
        assert "you: …" in text
        assert "and then a cat and more" in text
        assert "Rex" not in text
        assert "Ada: " in await find(house, "ann", f'"{answer[:20]}"'), "answers are found too"


async def test_all_words_phrases_and_beginnings(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "green tea with lemon")
        await house.people.say("ann", "tea from a green garden")
        both = await find(house, "ann", "tea green")
        assert both.count("you: ") == 2
        assert "lemon" in (phrase := await find(house, "ann", '"green tea"'))
        assert "garden" not in phrase
        assert "garden" in await find(house, "ann", "gard*")
        assert "Nothing was said" in await find(house, "ann", "tea coffee")
        assert "Nothing was said" in await find(house, "ann", "gard")
        assert "garden" in await find(house, "ann", "gärden"), "accents do not matter"


async def test_words_are_found_in_writings_without_spaces(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "你好世界，今天我们吃饺子")
        await house.people.say("ann", "고양이는 귀엽다, ПРИВЕТ мир")
        await house.people.say("ann", "สวัสดีครับ and コーヒーをください")
        for words, line in {
            "世界": "you: 你好世界，今天我们吃饺子",
            "吃饺": "you: 你好世界，今天我们吃饺子",
            "고양이": "you: 고양이는 귀엽다, ПРИВЕТ мир",
            "привет": "you: 고양이는 귀엽다, ПРИВЕТ мир",
            "ครับ": "you: สวัสดีครับ and コーヒーをください",
            "コーヒー": "you: สวัสดีครับ and コーヒーをください",
        }.items():
            assert line in await find(house, "ann", words)
        assert "Nothing was said" in await find(house, "ann", "界世")


async def test_signs_of_the_query_language_mean_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, MESSAGES_PER_MINUTE="1000") as house:
        await house.people.say("bob", "the secret of bob")
        await house.people.say("ann", "hello OR goodbye")
        for words in SIGNS:
            assert "bob" not in await find(house, "ann", words)
        assert "goodbye" in await find(house, "ann", "hello OR")
        assert "Write /search" in said(await house.people.say("ann", "/search"))
        assert "no word in this" in await find(house, "ann", "🌿 ♥")


async def test_nobody_ever_finds_the_words_of_another(tmp_path: Path) -> None:
    people = [f"person{number}" for number in range(40)]
    async with open_house(tmp_path) as house:
        for turn in range(3):
            await asyncio.gather(
                *(house.people.say(each, f"common words {turn} of {each}") for each in people)
            )
        found = await asyncio.gather(*(find(house, each, "common words") for each in people))
        for person, text in zip(people, found, strict=True):
            lines = [line for line in text.splitlines() if "you: " in line]
            assert lines
            assert all(line.endswith(f"of {person}") for line in lines)
        assert "Nothing" in await find(house, "stranger", "common")


async def test_a_group_finds_what_was_said_there_and_a_direct_chat_all_of_ones_own(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "a private apple")
        await house.people.say("ann", "an apple for all", chat="-100")
        await house.people.say("bob", "an apple of bob", chat="-100")
        there = await find(house, "ann", "apple", chat="-100")
        assert "for all" in there
        assert "private" not in there
        assert "bob" not in there
        everywhere = await find(house, "ann", "apple")
        assert "private" in everywhere
        assert "for all" in everywhere


async def test_commands_and_what_they_say_are_not_found(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "one pineapple")
        await house.people.say("ann", "/search\tpineapple")
        for _ in range(2):
            assert (await find(house, "ann", "pineapple")).count("you: ") == 1
        assert said(await house.people.say("ann", "/history")).count("you: ") == 1


async def test_what_waited_for_a_decision_is_found_then_and_afterwards(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send a postcard to me"))
        assert "postcard" in await find(house, "ann", "postcard")
        await house.people.tap("ann", card.approval_id, Approve())
        assert "you: send a postcard" in await find(house, "ann", "postcard")


async def test_what_was_undone_or_cleared_is_not_found_any_more(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "a lost umbrella")
        assert "umbrella" in await find(house, "ann", "umbrella")
        await house.people.say("ann", "/undo")
        assert "Nothing" in await find(house, "ann", "umbrella")
        await house.people.say("ann", f"{MARKER} and saxophone")
        assert MARKER in await find(house, "ann", MARKER)
        await house.people.say("ann", "/new")
        await house.people.say("ann", "something else")
        assert MARKER in await find(house, "ann", "saxophone")
        await house.people.say("ann", "\n /search saxophone")
        await house.people.say("ann", "/resume 1")
        await house.people.say("ann", "/clear")
        assert await left_in(tmp_path) == [], "also not in the lists of what was found"


async def test_retry_is_found_once(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "a blue parrot")
        await find(house, "ann", "parrot")
        await house.people.say("ann", "/retry")
        assert (await find(house, "ann", "parrot")).count("you: ") == 1


async def test_the_index_is_built_anew_when_it_is_lost_damaged_or_of_other_messages(
    tmp_path: Path,
) -> None:
    index = tmp_path / "data" / "search.db"
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "a quiet violin")
        assert "violin" in await find(house, "ann", "violin")
    kept = index.read_bytes()
    for spoiled in (
        None,
        b"",
        b"nonsense" * 2000,
        kept[:5000],
        kept[: len(kept) // 2] + bytes(9999),
        kept[:68] + bytes(4) + kept[72:],  # that of an older version, by its header
    ):
        index.unlink()
        if spoiled is not None:
            index.write_bytes(spoiled)
        async with open_house(tmp_path) as house:
            assert "violin" in await find(house, "ann", "violin")
    for file in (tmp_path / "data").glob("conversations.db*"):
        file.unlink()
    async with open_house(tmp_path) as house:
        assert "Nothing" in await find(house, "ann", "violin")
        await house.people.say("ann", "a loud trumpet")
        assert "trumpet" in await find(house, "ann", "trumpet")
    assert b"violin" not in await asyncio.to_thread(index.read_bytes)


async def test_a_conversation_is_named_tagged_and_found_by_its_tag(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        say = house.people.say
        assert "Nothing was said" in said(await say("ann", "/title Plants"))
        await say("ann", "how much water for a fern")
        assert said(await say("ann", "/title  Plants at\n home")).endswith("called: Plants at home")
        assert "home, plants" in said(await say("ann", "/tag #Plants home"))
        assert said(await say("ann", "/tag -home")).endswith(": plants.")
        await say("ann", "/new")
        await say("ann", "water for the car")
        assert "All of yours: plants" in said(await say("ann", "/tag"))
        assert "Plants at home" in said(await say("ann", "/search #plants"))
        found = said(await say("ann", "/search water #plants"))
        assert "fern" in found
        assert "car" not in found
        assert "one word" in said(await say("ann", "/tag a&b"))
        assert "at most 20" in said(await say("ann", f"/tag {' '.join(map(str, range(21)))}"))
        assert "No conversation" in said(await say("bob", "/search #plants"))
        assert "Plants at home" in said(await say("ann", "/resume"))
