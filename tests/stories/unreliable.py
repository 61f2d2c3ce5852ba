"""A platform that does not always take what it is sent."""

from collections.abc import Callable

from adapters.contract import Replies, Reply
from adapters.memory import MemoryAdapter, Screen
from adapters.platform import DeliveryFailed

Weather = Callable[[int], DeliveryFailed | None]


class UnreliableAdapter(MemoryAdapter):
    """Before each message `weather` is asked, with its number, whether it fails.

    With `loses_its_word` the message stands in the chat all the same: only its sender does not
    know.
    """

    def __init__(
        self, weather: Weather, *, longest: int = 4000, loses_its_word: bool = False
    ) -> None:
        super().__init__(longest=longest)
        self.weather = weather
        self.sent = 0
        self._loses_its_word = loses_its_word

    async def _send(self, screen: Screen, reply: Reply, replies: Replies) -> str:
        self.sent += 1
        failed = self.weather(self.sent)
        if failed is None:
            return await super()._send(screen, reply, replies)
        if self._loses_its_word:
            screen[f"unknown {self.sent}"] = reply
        raise failed


def fails(*numbers: int, reason: str = "bad weather", **how: float | bool) -> Weather:
    """Let the messages with these numbers fail."""

    def weather(number: int) -> DeliveryFailed | None:
        if number not in numbers:
            return None
        return DeliveryFailed(reason, **how)  # type: ignore[arg-type] # retry_after or final

    return weather
