"""How many turns work at once, and how long each of them may."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Stop(asyncio.Event):
    """Set when a turn is to end. `because` says why, if it was not the person who said so."""

    because: str = ""


class Slots:
    """A turn works in a slot and waits for one in order of arrival; waiting is not counted.

    A turn that works longer than `seconds` ends as if the person had said /stop.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(most)
        self._seconds = seconds

    @asynccontextmanager
    async def working(self, stop: Stop) -> AsyncIterator[None]:
        """Hold a slot for the time of the ``with``, and set `stop` when the time is up.

        A turn that is stopped while it waits gets no slot: it only notes that it was stopped.
        """
        has_slot = await self._slot(stop)
        end = asyncio.get_running_loop().call_later(self._seconds, self._late, stop)
        try:
            yield
        finally:
            end.cancel()
            if has_slot:
                self._free.release()

    async def _slot(self, stop: Stop) -> bool:
        """Wait for a slot; False if the turn was stopped before there was one."""
        if not self._free.locked():
            return await self._free.acquire()
        slot = asyncio.create_task(self._free.acquire())
        stopped = asyncio.create_task(stop.wait())
        has_slot = False
        try:
            await asyncio.wait({slot, stopped}, return_when=asyncio.FIRST_COMPLETED)
            has_slot = slot.done()
        finally:
            stopped.cancel()
            if not slot.cancel() and not has_slot:
                self._free.release()  # it came in the moment in which the turn was cancelled
        return has_slot

    def _late(self, stop: Stop) -> None:
        if not stop.is_set():
            stop.because = f"I stopped here: this took longer than {lasting(self._seconds)}."
            stop.set()


def lasting(seconds: float) -> str:
    """Say how long something takes, as a person would, and never too short."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return _many(int(seconds // size), unit)
    return _many(math.ceil(seconds), "second")


def _many(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
