"""Replies of which nobody keeps what is shown: of a bot that is reached over HTTP, or of a test."""

from collections.abc import AsyncIterator
from typing import Self

from adapters.contract import Reply


class Unnoted:
    """`Replies` over any iterator."""

    def __init__(self, replies: AsyncIterator[Reply]) -> None:
        self._replies = replies

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Reply:
        return await anext(self._replies)

    async def shown(self, part: str, of: str = "") -> None:
        """Note nothing."""
