"""One budget for each chat: what matters waits its turn, what is only nice to have makes room."""

import asyncio

from adapters.telegram.budget import Budget

PRIVATE, GROUP = 12345, -100123


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds

    def budget(self) -> Budget:
        return Budget(self, self.sleep)


async def send(budget: Budget, chat_id: int) -> None:
    async with budget.turn(chat_id):
        pass


async def test_a_few_messages_go_at_once_and_then_about_one_a_second() -> None:
    clock = Clock()
    budget = clock.budget()
    for _ in range(5):
        await send(budget, PRIVATE)
    assert clock.now == 1000
    for _ in range(10):
        await send(budget, PRIVATE)
    assert 10 <= clock.now - 1000 <= 12


async def test_a_group_takes_twenty_a_minute() -> None:
    clock = Clock()
    budget = clock.budget()
    at = []
    for _ in range(45):
        await send(budget, GROUP)
        at.append(clock.now)
    assert all(sum(1 for each in at if start <= each < start + 60) <= 20 for start in at)


async def test_previews_leave_room_for_messages() -> None:
    clock = Clock()
    budget = clock.budget()
    shown = 0
    while budget.spare(PRIVATE, counts=True) == 0:
        await send(budget, PRIVATE)
        shown += 1
    assert shown == 3
    before = clock.now
    await send(budget, PRIVATE)
    assert clock.now == before


async def test_during_a_ban_messages_wait_and_nothing_else_is_sent() -> None:
    clock = Clock()
    budget = clock.budget()
    budget.ban(PRIVATE, 60)
    assert budget.spare(PRIVATE, counts=False) >= 60
    await send(budget, PRIVATE)
    assert clock.now >= 1060
    assert budget.spare(PRIVATE, counts=False) > 0, "typing goes on right after a ban"


async def test_a_ban_in_one_chat_does_not_hold_up_another() -> None:
    clock = Clock()
    budget = clock.budget()
    budget.ban(PRIVATE, 60)
    await send(budget, PRIVATE + 1)
    assert clock.now == 1000


async def test_chats_that_are_quiet_are_forgotten() -> None:
    clock = Clock()
    budget = clock.budget()
    for chat in range(1, 3000):
        await send(budget, chat)
        clock.now += 0.5
    assert len(budget._chats) <= 1001
