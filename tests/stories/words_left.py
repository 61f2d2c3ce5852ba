"""In which files of a bot a word stands, byte by byte."""

import asyncio
from pathlib import Path

MARKER = "Xylophon"


def found(home: Path) -> list[str]:
    """Name the files in which the marker stands, in any form in which we write text."""
    spellings = {MARKER.encode(), MARKER.lower().encode(), MARKER.encode("utf-16-le")}
    return sorted(
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if path.is_file() and any(each in path.read_bytes() for each in spellings)
    )


async def left_in(home: Path) -> list[str]:
    """Give the files with the marker once the sessions' file is written anew."""
    for _ in range(300):
        left = await asyncio.to_thread(found, home)
        if not {"sessions.csv", "sessions.csv.old", "sessions.csv.journal"} & set(left):
            break
        await asyncio.sleep(0.02)
    return left
