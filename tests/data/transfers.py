"""Bots with something to take along, and taking it along."""

import json
import zipfile
from pathlib import Path
from typing import Any

from sessions.portable import Scope
from tests.stories.house import House, card_in

EVERYTHING = Scope()


async def talk(house: House) -> None:
    say, tap = house.people.say, house.people.tap
    await say("ann", "hello from ann")
    await say("ann", "note that the kettle boils")
    await say("ann", "/settings zone Europe/Paris")
    await say("ann", "remind me tomorrow at 9 to call home")
    card = card_in(await say("ann", "send hello to me"))
    await tap("ann", card.approval_id)
    await say("ann", "write tea and milk to a file")
    await say("bob", "hello from bob")
    await say("bob", "send hello to me")
    await say("bob", "and this waits")


async def exported(house: House, scope: Scope = EVERYTHING) -> Path:
    return (await house.bot.care.transfer.export(scope)).file


async def taken_in(house: House, path: Path) -> dict[str, int]:
    done = await house.bot.care.transfer.take_in(path, only_look=False)
    return {name: many for name, many in done.added.items() if many}


def lines(path: Path, name: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]


async def look_at(house: House, path: Path) -> dict[str, int]:
    return dict((await house.bot.care.transfer.take_in(path, only_look=True)).rows)
