"""Who was forgotten does not come back with what is brought in."""

import asyncio
from pathlib import Path

from tests.data.transfers import exported, lines, taken_in, talk
from tests.stories.house import open_house


async def test_who_was_forgotten_since_does_not_come_back_with_an_older_export(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
        for text in ("/forget", "/forget everything"):
            await house.people.say("ann", text)
        after = await asyncio.to_thread(lines, await exported(house), "messages")
        added = await taken_in(house, path)
        assert added == {}
        later = await asyncio.to_thread(lines, await exported(house), "messages")
        assert [each["id"] for each in later] == [each["id"] for each in after]
        assert "hello from ann" not in str(later)


async def test_another_bot_that_forgot_somebody_takes_in_all_the_others(tmp_path: Path) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)
    async with open_house(tmp_path, GROUP_SESSIONS="chat") as house:
        await talk(house)
        say = house.people.say
        await say("ann", "the secret of ann", chat="-100")
        await say("bob", "bob was here too", chat="-100")
        path = await exported(house)
    async with open_house(other) as house:
        forgotten = house.bot.library.forgotten
        until = house.bot.clock()
        await forgotten.begin("memory:ann", until)
        await forgotten.finish(forgotten.hash_of("memory:ann"), until)
        added = await taken_in(house, path)
        assert added["messages"] > 0
        kept = await exported(house)
        for name in ("messages", "reminders", "people", "notes"):
            assert "ann" not in str(await asyncio.to_thread(lines, kept, name)), name
        assert "bob was here too" in str(await asyncio.to_thread(lines, kept, "messages"))
        (asked,) = [
            each
            for each in await asyncio.to_thread(lines, kept, "approvals")
            if each["requester"] == "memory:ann"
        ]
        assert [*asked["actions"][0]["arguments"]] == ["sha256"]
        titles = [each["title"] for each in await asyncio.to_thread(lines, kept, "conversations")]
        assert sorted(titles) == ["", "hello from bob"]
        assert (await house.bot.care.integrity.look()).findings == ()
        assert await taken_in(house, path) == {}
