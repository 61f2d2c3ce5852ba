"""What is said arrives: through refused formatting, bans, lost connections; and it comes once."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.contract import Accepted, Answer, Attachment, Failure, Reply, TextDelta
from adapters.platform import DeliveryFailed
from tests.adapters.telegram.side import Bot, FastClock, Inbound, serving, telegram_side
from tests.emulators.telegram.refusals import bad_request
from tests.emulators.telegram.server import telegram_server


def slowly(inbound: Inbound) -> Sequence[Reply]:
    """Say many words, one after another, and then all of them."""
    deltas = [TextDelta(f"word{number} ") for number in range(200)]
    whole = "".join(delta.text for delta in deltas).strip()
    return (Accepted("m", "s", "t"), *deltas, Answer("a", whole))


async def test_an_answer_is_seen_while_it_is_written() -> None:
    bot = Bot(
        lambda _: (TextDelta("**Once** upon "), TextDelta("a time"), Answer("a", "The end.")),
        pause=0.5,
    )
    async with telegram_side(bot) as side:
        side.ann.say("a story")
        assert await side.said() == ["The end."]
        assert side.ann.chat.drafts[0].text.startswith("Once")
        assert side.ann.chat.draft is None


async def test_in_a_group_the_preview_is_a_message_that_becomes_the_answer() -> None:
    bot = Bot(
        lambda _: (TextDelta("Once upon a time there was"), Answer("a", "The end.")), pause=0.5
    )
    async with telegram_side(bot) as side:
        group = side.telegram.supergroup("Family", side.ann)
        side.ann.say("@threadline_bot a story", group)
        await side.telegram.until(lambda: [a for a in group.answers if a.text == "The end."])
        (answer,) = group.answers
        assert answer.edits == ["Once upon a time there was"]
        assert bot.parts == [str(answer.message_id)]
        assert not group.drafts


async def test_a_file_without_words_arrives_after_a_preview() -> None:
    file = Attachment("plan.txt", "text/plain", b"plan")
    bot = Bot(
        lambda _: (TextDelta("I look into the plan"), Answer("a", "", attachments=(file,))),
        pause=0.5,
    )
    async with telegram_side(bot) as side:
        group = side.telegram.supergroup("Family", side.ann)
        side.ann.say("@threadline_bot the plan", group)
        await bot.until_done(1)
        (sent,) = group.answers
        assert "document" in sent.now.body


async def test_where_drafts_are_unknown_a_message_is_edited() -> None:
    bot = Bot(
        lambda _: (TextDelta("Once upon a time there was"), Answer("a", "The end.")), pause=0.5
    )
    async with telegram_side(bot) as side:
        side.telegram.faults.refuse("sendMessageDraft", bad_request("TEXTDRAFT_PEER_INVALID"))
        side.ann.say("a story")
        await side.said()
        side.ann.say("another one")
        await side.telegram.until(lambda: len(side.ann.chat.answers) == 2)
        await bot.until_done(2)
        assert side.ann.chat.answers[1].edits == ["Once upon a time there was"]


async def test_formatting_that_is_refused_is_sent_as_it_was_written() -> None:
    bot = Bot(lambda _: (Answer("a", "**bold** words"),))
    async with telegram_side(bot) as side:
        side.telegram.faults.refuse("sendMessage", bad_request("can't parse entities: odd"))
        side.ann.say("hello")
        assert await side.said() == ["**bold** words"]


async def test_a_long_answer_comes_in_order_and_whole() -> None:
    words = [f"word{number}" for number in range(3000)]
    bot = Bot(lambda _: (Answer("a", " ".join(words)),))
    clock = FastClock()
    async with telegram_side(bot, budget=clock.budget()) as side:
        side.ann.say("all of it")
        await bot.until_done(1)
        said = [message.text for message in side.ann.chat.answers]
        assert " ".join(said).split() == words
        assert bot.parts == [str(message.message_id) for message in side.ann.chat.answers]


async def test_what_stands_there_is_edited_and_only_the_rest_is_sent_and_marked() -> None:
    text = " ".join(f"word{number}" for number in range(1500))
    async with telegram_side() as side:
        side.ann.say("hello")
        await side.said()
        there = str(side.ann.chat.answers[0].message_id)
        to = side.bot.messages[0].sender
        await side.adapter.deliver(to, side.bot.noted(Answer("a", text, (there,), again=True)))
        first, *rest = side.ann.chat.answers
        assert first.text.startswith("word0 ")
        assert rest[0].text.startswith("(This may come twice.) ")
        assert sum("may come twice" in each.text for each in rest) == 1


async def test_a_part_that_was_deleted_meanwhile_is_sent_anew() -> None:
    async with telegram_side() as side:
        side.ann.say("hello")
        await side.said()
        gone = side.ann.chat.answers[0]
        side.ann.delete(gone)
        to = side.bot.messages[0].sender
        answer = Answer("a", "The end.", (str(gone.message_id),))
        await side.adapter.deliver(to, side.bot.noted(answer))
        assert [message.text for message in side.ann.chat.answers] == ["The end."]


async def test_when_nobody_knows_whether_it_was_sent_that_is_said_to_whoever_tries_again() -> None:
    async with telegram_side() as side:
        side.telegram.faults.drop("sendMessage", after_effect=True)
        side.ann.say("hello")
        await side.said()
        await side.bot.until_done(1)
        (failed,) = side.bot.failures
        assert isinstance(failed, DeliveryFailed)
        assert failed.retry_after is None
        assert not failed.final


async def test_an_answer_waits_for_the_network() -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        bot = Bot()
        async with serving(telegram, bot, budget=FastClock(20).budget()) as (adapter, _, _):
            ann.say("hello")
            await telegram.until(lambda: ann.chat.answers)
            to = bot.messages[0].sender
            await telegram.go_away()
            pushing = asyncio.create_task(adapter.deliver(to, bot.noted(Answer("b", "Later."))))
            await asyncio.sleep(0.3)
            assert not pushing.done()
            await telegram.come_back()
            await pushing
            assert [message.text for message in ann.chat.answers][-1] == "Later."


async def test_who_blocked_the_bot_is_not_written_to_any_more() -> None:
    async with telegram_side() as side:
        side.ann.say("hello")
        await side.said()
        to = side.bot.messages[0].sender
        side.ann.block()
        with pytest.raises(DeliveryFailed) as failed:
            await side.adapter.deliver(to, side.bot.noted(Answer("b", "Later.")))
        assert failed.value.final
        before = len(side.telegram.calls_of("sendMessage"))
        with pytest.raises(DeliveryFailed):
            await side.adapter.deliver(to, side.bot.noted(Answer("b", "Later.")))
        assert len(side.telegram.calls_of("sendMessage")) == before
        side.ann.say("I am back")
        await side.said(2)


async def test_who_never_wrote_to_the_bot_cannot_be_written_to() -> None:
    async with telegram_side() as side:
        side.ann.say("hello")
        await side.said()
        stranger = side.bot.messages[0].sender
        to = type(stranger)("telegram", "999", "999")
        with pytest.raises(DeliveryFailed) as failed:
            await side.adapter.deliver(to, side.bot.noted(Answer("b", "Later.")))
        assert failed.value.final


async def test_in_a_ban_the_preview_stops_and_the_answer_comes_when_it_is_over() -> None:
    bot = Bot(slowly, pause=0.3)
    clock = FastClock(15)
    async with telegram_server(clock) as telegram:
        ann = telegram.person("Ann")
        async with serving(telegram, bot, budget=clock.budget()):
            telegram.flood.ban(60)
            ann.say("hello")
            await telegram.until(lambda: ann.chat.answers)
            assert "word199" in ann.chat.answers[0].text
            refused = [each["method"] for each in telegram.flood.refused]
            assert refused.count("sendmessagedraft") <= 1, "the preview went on in the ban"
            assert refused.count("sendchataction") <= 1, "typing went on in the ban"
            assert set(refused[2:]) <= {"sendmessage"}, "only the answer may try again"


async def test_a_turn_that_fails_says_so_with_its_reference() -> None:
    bot = Bot(lambda _: (TextDelta("Half a"), Failure("The model failed.", "ref42")))
    async with telegram_side(bot) as side:
        side.ann.say("hello")
        assert await side.said() == ["The model failed.\nReference: ref42"]


async def test_links_are_not_looked_at_for_a_preview() -> None:
    bot = Bot(lambda _: (Answer("a", "https://example.org/?secret=1"),))
    async with telegram_side(bot) as side:
        side.ann.say("hello")
        await side.said()
        options = side.ann.chat.answers[0].now.body["link_preview_options"]
        assert options == {"is_disabled": True}
