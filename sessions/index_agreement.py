"""Whether the search index says what the messages say."""

from collections.abc import Sequence

from sessions.agreement import REPAIR, Finding
from sessions.database import Database
from sessions.search import AT_ONCE, ROWS, Search
from sessions.search_file import SearchFile
from sessions.tables import messages

RULE = "search index"
LAST = 2**63 - 1
"""No message has a greater number."""


async def index_differences(search: Search, database: Database) -> Sequence[Finding]:
    """Find what of the index is damaged, is missing, is too much, or has other words."""
    if damage := await search.look(SearchFile.damage):
        return [_finding(f"The search index is damaged: {damage}.")]
    await search.catch_up()
    found: set[int] = set()
    after = 0
    while after < LAST:
        numbers, after = await _differing(search, database, after, AT_ONCE)
        found |= numbers
    if found:
        await search.catch_up()  # what changed while it was looked is no difference
        found = {each for each in found if await _differs(search, database, each)}
    if not found:
        return []
    which = f"{len(found)} messages, the first of them number {min(found)}"
    return [_finding(f"The search index does not have the words of {which}, as they are.")]


async def _differing(
    search: Search, database: Database, after: int, most: int
) -> tuple[set[int], int]:
    """Compare some messages behind a number; give those that differ, and how far it looked."""
    some = ROWS.where(messages.c.number > after).limit(most)
    rows = await database.read(lambda db: db.execute(some).all())
    upto = rows[-1].number if len(rows) == most else LAST
    lines = [line for row in rows if (line := search.line_of(row))]
    return await search.look(lambda file: file.differing(lines, after, upto)), upto


async def _differs(search: Search, database: Database, number: int) -> bool:
    this = ROWS.where(messages.c.number == number)
    rows = await database.read(lambda db: db.execute(this).all())
    lines = [line for row in rows if (line := search.line_of(row))]
    return bool(await search.look(lambda file: file.differing(lines, number - 1, number)))


def _finding(text: str) -> Finding:
    return Finding(RULE, "error", "search.db", text, REPAIR)
