"""A language model that takes its time, over a real socket: stop, leave, fail, and go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.contract import Accepted, Failure, IncomingMessage, Notice, TextDelta
from tests.agent.provider import Call, Provider, Reply, open_provider
from tests.stories.house import House, answer_in, card_in, only, open_house


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


@asynccontextmanager
async def _house(home: Path, *script: Reply) -> AsyncIterator[tuple[House, Provider]]:
    async with (
        open_provider(*script) as provider,
        open_house(
            home, MODEL="openai:slow", MODEL_BASE_URL=provider.url, MODEL_RETRIES="0"
        ) as house,
    ):
        yield house, provider


async def test_stop_keeps_what_was_written_and_says_so(tmp_path: Path) -> None:
    slow = Reply(("One, ", "two, "), ending="waiting")
    async with _house(tmp_path, slow, Reply(("Yes.",))) as (house, provider):
        count = asyncio.create_task(house.people.say("ann", "count to a thousand"))
        await provider.waiting.wait()
        await house.until_shown("ann", TextDelta("One, two, "))
        told = only(Notice, await house.people.say("ann", "/stop"))
        assert isinstance(told, Notice)
        assert "Stopping" in told.text
        replies = await count
        assert answer_in(replies) == "One, two, "
        assert isinstance(replies[-1], Notice)
        assert "Stopped" in replies[-1].text
        assert answer_in(await house.people.say("ann", "did you count?")) == "Yes."
        said = [message.get("content") for message in provider.requests[-1]["messages"]]
        assert said[-3:] == ["count to a thousand", "One, two, ", "did you count?"]


async def test_a_turn_finishes_though_the_listener_left(tmp_path: Path) -> None:
    async with _house(tmp_path, Reply(("All ", "of ", "it."))) as (house, _):
        message = IncomingMessage(house.people.address("ann"), "hi", "1", datetime.now(UTC))
        async with house.bot.handle(message) as replies:
            async for reply in replies:
                if isinstance(reply, Accepted):
                    asked = reply.message_id
                    break
        await house.until_said("ann", "All of it.")
        answers = await house.bot.conversations.answers_to(asked)
        assert [answer.text for answer in answers] == ["All of it."]


async def test_a_failing_model_gives_a_sentence_and_a_reference_and_the_chat_goes_on(
    tmp_path: Path,
) -> None:
    script = (Reply(status=500), Reply(("Half a sen",), ending="silent"), Reply(("Fine.",)))
    async with _house(tmp_path, *script) as (house, _):
        for _ in range(2):
            failure = only(Failure, await house.people.say("ann", "hello"))
            assert isinstance(failure, Failure)
            assert failure.reference
            assert "sk-" not in failure.message
        assert answer_in(await house.people.say("ann", "hello?")) == "Fine."


async def test_a_real_model_that_asks_for_an_action_waits_for_approval(tmp_path: Path) -> None:
    send = Call("send_message", '{"to": "me", "text": "hello"}')
    script = (Reply(("Sure. ",), (send,)), Reply(("It is sent.",)))
    async with _house(tmp_path, *script) as (house, _):
        card = card_in(await house.people.say("ann", "send hello to me please"))
        assert card.actions[0].arguments == {"to": "me", "text": "hello"}
        assert answer_in(await house.people.tap("ann", card.approval_id)) == "It is sent."
        await house.until_said("ann", "hello")


async def test_a_model_that_fails_after_an_action_does_not_run_it_again(tmp_path: Path) -> None:
    send = Call("send_message", '{"to": "me", "text": "hello"}')
    script = (Reply(calls=(send,)), Reply(status=500), Reply(("I sent it before.",)))
    async with _house(tmp_path, *script) as (house, _):
        card = card_in(await house.people.say("ann", "send hello to me please"))
        assert only(Failure, await house.people.tap("ann", card.approval_id))
        record = await house.bot.approvals.records.get(card.approval_id)
        assert record is not None
        assert record.ending == "send_message: done. Then the agent failed."
        (session,) = await house.bot.sessions.all()
        assert session.pending_approval == ()
        assert answer_in(await house.people.say("ann", "and?")) == "I sent it before."
        await house.until_said("ann", "hello")
        assert house.said("ann").count("hello") == 1
        assert all(house.said("ann"))
