"""Word of what has changed, for those who wait for it in this process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class News:
    """Wakes those who listen for a topic: the id of a message, or a person's mailbox.

    Nothing is kept: whoever listens looks at the records first, and again when woken.
    """

    def __init__(self) -> None:
        self._listening: dict[str, set[asyncio.Event]] = {}

    def tell(self, topic: str) -> None:
        """Wake everybody who listens for this topic."""
        for event in self._listening.get(topic, ()):
            event.set()

    @contextmanager
    def listening(self, topic: str) -> Iterator[asyncio.Event]:
        """Give an event that is set at every change; clear it before looking."""
        event = asyncio.Event()
        self._listening.setdefault(topic, set()).add(event)
        try:
            yield event
        finally:
            listening = self._listening[topic]
            listening.discard(event)
            if not listening:
                del self._listening[topic]
