"""An answer is shown while it is written, as often as its platform likes."""

import asyncio

import pytest

from adapters.drafts import Draft, typing


class Screen:
    """What a platform shows; a call takes its time while `slow` is set."""

    def __init__(self, pause: float = 0.0) -> None:
        self.shown: list[str] = []
        self.pause = pause
        self.slow = asyncio.Event()
        self.slow.set()
        self.at_work = 0

    async def show(self, text: str) -> float:
        self.at_work += 1
        await self.slow.wait()
        self.shown.append(text)
        self.at_work -= 1
        return self.pause


async def until_at_rest() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_newest_text_wins_while_the_platform_is_slow() -> None:
    screen = Screen()
    screen.slow.clear()
    async with Draft(screen.show) as draft:
        for piece in ("Good", " morn", "ing"):
            draft.add(piece)
            await until_at_rest()
        screen.slow.set()
        await until_at_rest()
    assert screen.shown == ["Good", "Good morning"]


async def test_nothing_more_is_shown_before_the_pause_is_over() -> None:
    screen = Screen(pause=3600)
    async with Draft(screen.show) as draft:
        draft.add("Good")
        await until_at_rest()
        draft.add(" morning")
        await until_at_rest()
    assert screen.shown == ["Good"]


async def test_closing_waits_for_what_is_being_sent() -> None:
    screen = Screen()
    screen.slow.clear()
    draft = Draft(screen.show)
    draft.add("Good")
    await until_at_rest()
    closing = asyncio.create_task(draft.close())
    await until_at_rest()
    assert not closing.done()
    screen.slow.set()
    await closing
    assert screen.at_work == 0


async def test_after_closing_the_next_draft_begins_empty() -> None:
    screen = Screen()
    draft = Draft(screen.show)
    draft.add("One.")
    await until_at_rest()
    await draft.close()
    draft.add("Two.")
    await until_at_rest()
    await draft.close()
    assert screen.shown == ["One.", "Two."]


async def test_a_preview_that_fails_is_no_failure_of_the_answer() -> None:
    async def show(text: str) -> float:
        raise ConnectionError(text)

    async with Draft(show) as draft:
        draft.add("Good")
        await until_at_rest()
        draft.add(" morning")


async def test_typing_ends_with_the_turn_even_if_the_turn_fails() -> None:
    shown = 0

    async def show() -> None:
        nonlocal shown
        shown += 1

    async def turn() -> None:
        async with typing(show, 0):
            await until_at_rest()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await turn()
    assert shown > 1
    before = shown
    await until_at_rest()
    assert shown == before


async def test_typing_that_fails_does_no_harm() -> None:
    async def show() -> None:
        raise ConnectionError

    async with typing(show, 0):
        await until_at_rest()
