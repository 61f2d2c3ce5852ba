"""Long answers and many chats, with Telegram's limits on how much may be written."""

import re
from collections.abc import Sequence

from adapters.contract import Accepted, Answer, Reply, TextDelta
from adapters.text import utf16_length
from tests.adapters.telegram.side import Bot, FastClock, Inbound, serving
from tests.emulators.telegram.server import telegram_server

PEOPLE = 50
ROWS = "\n".join(f"| row {number} | value {number} |" for number in range(400))
CODE = "\n".join(f"    step_{number}(🚀, '<b>')" for number in range(500))
PROSE = "\n\n".join(f"## Part {n}\n\nThe **{n}** is _a number_ < {n + 1}. " * 3 for n in range(230))
LONG = f"Begin.\n\n| name | value |\n|---|---|\n{ROWS}\n\n```python\n{CODE}\n```\n\n{PROSE}\n\nEnd."


async def test_an_answer_of_fifty_thousand_characters_arrives_whole_and_in_order() -> None:
    assert len(LONG) > 50_000
    clock = FastClock(10)
    bot = Bot(lambda _: (Answer("a", LONG),))
    async with telegram_server(clock, flood_limits=True) as telegram:
        ann = telegram.person("Ann")
        async with serving(telegram, bot, budget=clock.budget()):
            ann.say("everything, please")
            await bot.until_done(1)
        said = [message.text for message in ann.chat.answers]
        whole = "\n".join(said)
        assert all(utf16_length(text) <= 4096 for text in said)
        assert said[0].startswith("Begin.")
        assert said[-1].endswith("End.")
        for what, count in (("value", 400), ("step_", 500)):
            found = [int(each) for each in re.findall(rf"{what} ?(\d+)", whole)]
            assert found == list(range(count)), what
        assert [int(each) for each in re.findall(r"Part (\d+)", whole)][::3] == list(range(230))
        assert "The 7 is a number < 8." in whole
        code = [m for m in ann.chat.answers if "step_" in m.text]
        assert all(any(e["type"] == "pre" for e in m.entities) for m in code)
        assert telegram.flood.refused == []


async def test_fifty_chats_are_answered_side_by_side_within_the_limits() -> None:
    def story(inbound: Inbound) -> Sequence[Reply]:
        who = inbound.sender.user_id
        pieces = [TextDelta(f"{who} says {number}. ") for number in range(40)]
        whole = "".join(piece.text for piece in pieces).strip()
        return (Accepted("m", "s", "t"), *pieces, Answer("a", whole))

    clock = FastClock(5)
    bot = Bot(story, pause=0.5)
    async with telegram_server(clock, flood_limits=True) as telegram:
        people = [telegram.person(f"P{number}") for number in range(PEOPLE)]
        async with serving(telegram, bot, budget=clock.budget()):
            for person in people:
                person.say("hello")
            await bot.until_done(PEOPLE)
        for person in people:
            (answer,) = person.chat.answers
            assert answer.text.startswith(f"{person.user_id} says 0.")
            assert answer.text.endswith("39.")
        assert telegram.flood.refused == []


async def test_a_busy_group_stays_within_twenty_messages_a_minute() -> None:
    def story(inbound: Inbound) -> Sequence[Reply]:
        pieces = [TextDelta(f"piece number {number}. ") for number in range(10)]
        return (Accepted("m", "s", "t"), *pieces, Answer("a", f"For {inbound.sender.user_id}."))

    clock = FastClock(15)
    bot = Bot(story, pause=0.2)
    async with telegram_server(clock, flood_limits=True) as telegram:
        people = [telegram.person(f"P{number}") for number in range(30)]
        group = telegram.supergroup("Crowd", *people)
        async with serving(telegram, bot, budget=clock.budget()):
            for person in people:
                person.say("@threadline_bot hello", group)
            await bot.until_done(30)
        said = {message.text for message in group.answers}
        assert said == {f"For {person.user_id}." for person in people}
        assert telegram.flood.refused == []
