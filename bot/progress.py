"""How far what takes long is, for whoever waits for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sessions.backup import UnderWay

Step = Callable[[int], None]
"""Say that so much more is done."""


class Progress:
    """What is being done now. Of several at once, the one that began last is told."""

    def __init__(self) -> None:
        self._tasks: list[UnderWay] = []

    @property
    def now(self) -> UnderWay | None:
        """What is being done, and how much of how much, or None."""
        return self._tasks[-1] if self._tasks else None

    @contextmanager
    def of(self, what: str, of: int = 0) -> Iterator[Step]:
        """Tell of a task while the ``with`` lasts; `of` is how much it is, 0 if nobody knows."""
        task = UnderWay(what, 0, of)
        self._tasks.append(task)

        def step(more: int) -> None:
            nonlocal task
            after = UnderWay(what, min(task.done + more, of), of)
            self._tasks[self._tasks.index(task)] = after
            task = after

        try:
            yield step
        finally:
            self._tasks.remove(task)
