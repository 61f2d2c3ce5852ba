"""The agent reminds people when it is asked plainly, and does not ask whether it may."""

from pathlib import Path

import pytest

from bot.agent.attachments import Saying
from bot.agent.events import Finished, Parked
from bot.agent.opening import AgentOptions
from tests.agent.desk import Desk, context, events_of, open_desk


async def say(desk: Desk, text: str, message_id: str = "", thread: str = "t") -> str:
    turn = context(thread, message_id=message_id)
    _, end = await events_of(desk.runner.ask(Saying(text), turn))
    assert isinstance(end, Finished)
    return end.text


@pytest.mark.parametrize(
    ("said", "text", "when"),
    [
        ("remind me in 10 minutes to drink tea", "drink tea", "in 10 minutes"),
        ("Please remind me to call Ann tomorrow at 9", "call Ann", "tomorrow at 9"),
        ("remind me every Monday to put the bins out", "put the bins out", "every Monday"),
        ("remind me to put it on the list on Friday at 8", "put it on the list", "on Friday at 8"),
        ("remind me tomorrow at quarter to 9 to call", "call", "tomorrow at quarter to 9"),
        ("remind me about the dentist on 3 March at noon", "the dentist", "on 3 March at noon"),
        ("remind me to stretch every hour", "stretch", "every hour"),
    ],
)
async def test_the_offline_agent_understands_when_and_what(
    tmp_path: Path, said: str, text: str, when: str
) -> None:
    async with open_desk(tmp_path) as desk:
        assert await say(desk, said, "m") == f"I will remind you {when}: {text}"
        assert desk.diary.entries == [("m/remind_me/0", text, when)]


async def test_a_turn_that_runs_again_asks_for_the_same_reminders(tmp_path: Path) -> None:
    said = "remind me in 1 hour to eat and remind me in 2 hours to sleep"
    async with open_desk(tmp_path) as desk:
        await say(desk, said, "m", "one")
        await say(desk, said, "m", "as if the first had left no trace")
        assert (
            desk.diary.entries
            == [
                ("m/remind_me/0", "eat", "in 1 hour"),
                ("m/remind_me/1", "sleep", "in 2 hours"),
            ]
            * 2
        )


async def test_why_there_is_no_reminder_is_told_to_the_model(tmp_path: Path) -> None:
    async with open_desk(tmp_path) as desk:
        desk.diary.refuses = "That is no time."
        answer = await say(desk, "remind me in 10 minutes to drink tea")
        assert answer == "remind_me was not done: That is no time."
        assert desk.diary.entries == []


async def test_it_asks_first_where_the_list_of_safe_tools_says_so(tmp_path: Path) -> None:
    async with open_desk(tmp_path, AgentOptions(safe_tools=("time",))) as desk:
        _, end = await events_of(desk.runner.ask(Saying("remind me in 1 hour to eat"), context()))
        assert isinstance(end, Parked)
        assert desk.diary.entries == []
