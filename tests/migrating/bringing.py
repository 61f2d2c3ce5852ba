"""Bringing files of old bots into a house, without the backups that take a process each."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.migrating import Migrating
from bot.migration import Asked, Report
from sessions.importing import Importing
from sessions.migrating.whose import Whose
from tests.stories.house import House

ANN = Whose(person="memory:ann")


def now() -> datetime:
    return datetime.now(UTC)


async def nothing_kept(why: str) -> str:
    """Stand in for the vault, which other tests go to."""
    return f"{why}.tar.gz"


def migrating_in(house: House) -> Migrating:
    """Give what brings things into a house."""
    bot = house.bot
    return Migrating(
        bot.turns,
        Importing(bot.vault.database, bot.library.forgotten, clock=now),
        bot.vault.database,
        house.csv.parent / "data",
        kept=timedelta(days=30),
        most_chars=100_000,
        backup=nothing_kept,
        alone=asyncio.Lock(),
        progress=bot.care.progress,
        clock=now,
    )


async def brought_in(house: House, path: Path, whose: Whose = ANN) -> Report:
    return await migrating_in(house).migrate(Asked(path, whose), only_look=False)


async def looked_at(house: House, path: Path, whose: Whose = ANN) -> Report:
    return await migrating_in(house).migrate(Asked(path, whose), only_look=True)


def remarks_of(report: Report) -> str:
    return "\n".join(f"{each.what}: {each.why}" for each in report.migration.remarks)


def everything_in(folder: Path) -> Mapping[str, tuple[int, bytes]]:
    """Give every file below a folder, with its time and bytes."""
    return {
        str(each.relative_to(folder)): (each.stat().st_mtime_ns, each.read_bytes())
        for each in folder.rglob("*")
        if each.is_file()
    }
