"""A process that writes until it is killed; its first argument says what, its second where.

``turns``: messages and answers of 16 people at once; the id of each is printed after its call
returned. ``full``: on a disk that takes no more; then what failed is printed, as JSON.
"""

import asyncio
import json
import os
import resource
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sessions.conversations import Conversations
from sessions.database import Database, DatabaseFailed
from tests.records.made_up import message, reply


def told(line: str) -> None:
    os.write(1, f"{line}\n".encode())


async def turns(conversations: Conversations) -> None:
    async def talk() -> None:
        while True:
            asked, answer = message(), reply()
            await conversations.receive(asked)
            told(f"asked {asked.id}")
            await conversations.answer(asked.id, answer)
            told(f"answered {asked.id}")

    await asyncio.gather(*(talk() for _ in range(16)))


async def full(conversations: Conversations, path: Path) -> None:
    """Let files grow no further, which for SQLite is a disk that fails in COMMIT."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    asked = [replace(message(), text=f"{number}") for number in range(8)]
    await asyncio.gather(*map(conversations.receive, asked))
    log = await asyncio.to_thread(path.with_name(path.name + "-wal").stat)

    resource.setrlimit(resource.RLIMIT_FSIZE, (log.st_size + 10_000, hard))
    results = await asyncio.gather(
        *(conversations.answer(row.id, reply("x" * 5_000)) for row in asked),
        return_exceptions=True,
    )
    failed = [str(result) for result in results if isinstance(result, DatabaseFailed)]
    unanswered = [row.text for row in await conversations.unfinished()]
    answers = [len(await conversations.answers_to(row.id)) for row in asked]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    await asyncio.gather(*(conversations.answer(row.id, reply()) for row in asked))
    left = [row.text for row in await conversations.unfinished()]
    told(json.dumps([failed, unanswered, answers, left]))


async def main(what: str, path: Path) -> None:
    async with Database.open(path) as database:
        conversations = Conversations(database, clock=lambda: datetime.now(UTC))
        await (turns(conversations) if what == "turns" else full(conversations, path))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
