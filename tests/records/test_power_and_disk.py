"""A process that is killed while it writes, and one whose disk takes no more."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from sessions.conversations import Conversations
from sessions.database import Database
from tests.records.made_up import NOON


async def writing(what: str, path: Path) -> Process:
    command = (sys.executable, "-m", "tests.records.writing", what, str(path))
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE)


@pytest.mark.parametrize("lines", [1, 40, 333, 1000])
async def test_what_had_returned_is_there_after_kill_9(path: Path, lines: int) -> None:
    process = await writing("turns", path)
    assert process.stdout is not None
    told = [await process.stdout.readline() for _ in range(lines)]
    process.kill()
    told += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    steps = [line.decode().split() for line in told if line.endswith(b"\n")]
    assert len(steps) >= lines

    async with Database.open(path) as database:
        conversations = Conversations(database, clock=lambda: NOON)
        for step, message_id in steps:
            row = await conversations.get(message_id)
            assert row is not None
            answers = await conversations.answers_to(message_id)
            assert len(answers) == (1 if row.state == "answered" else 0)
            assert step == "asked" or row.state == "answered"
        for row in await conversations.unfinished():
            assert await conversations.answers_to(row.id) == []


async def test_a_full_disk_leaves_no_half_answer_and_later_writes_work(path: Path) -> None:
    process = await writing("full", path)
    output, _ = await process.communicate()
    failed, unanswered, answers, left = json.loads(output)
    assert len(failed) == 8
    assert {sentence.split(":")[0] for sentence in failed} == {"The database could not be written"}
    assert unanswered == [f"{number}" for number in range(8)]
    assert answers == [0] * 8
    assert left == []
