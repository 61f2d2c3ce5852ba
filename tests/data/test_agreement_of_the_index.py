"""The search index must say what the messages say; one that does not is found and built anew."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.damage import by_hand, cut_short, put_a_foreign_file, remove, zero_a_page
from tests.data.test_integrity import look, talk
from tests.stories.house import open_house

LINES = (
    "UPDATE said SET text = 'other' WHERE rowid = (SELECT min(rowid) FROM said)",
    "DELETE FROM said WHERE rowid = (SELECT max(rowid) FROM said)",
    "INSERT INTO said (rowid, text, whose) VALUES (999, 'more', 'w')",
)
INSIDE = ("DELETE FROM said_data WHERE id > 10",)


@pytest.mark.parametrize(
    ("changes", "named"), [(LINES, "of 3 messages"), (INSIDE, "damaged")], ids=["lines", "inside"]
)
async def test_an_index_that_does_not_say_what_the_messages_say_is_built_anew(
    tmp_path: Path, changes: tuple[str, ...], named: str
) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        assert (await look(house)).findings == ()
        await asyncio.to_thread(by_hand, tmp_path / "data" / "search.db", *changes)
        (found,) = (await look(house)).findings
        assert (found.rule, found.about, found.mend) == ("search index", "search.db", "data repair")
        assert named in found.text
        assert (await house.bot.care.integrity.repair()).left.findings == ()
        assert "hello" in str(await house.people.say("bob", "/search hello"))


@pytest.mark.parametrize(
    "harm",
    [
        cut_short,
        remove,
        pytest.param(zero_a_page, marks=pytest.mark.soak),
        pytest.param(put_a_foreign_file, marks=pytest.mark.soak),
    ],
)
async def test_an_index_whose_file_is_damaged_while_the_bot_runs_is_built_anew(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        await house.bot.library.search.wipe()
        await asyncio.to_thread(harm, tmp_path / "data" / "search.db")
        (found,) = (await look(house)).findings
        assert (found.about, found.mend) == ("search.db", "data repair")
        assert (await house.bot.care.integrity.repair()).left.findings == ()
        assert "hello" in str(await house.people.say("bob", "/search hello"))
