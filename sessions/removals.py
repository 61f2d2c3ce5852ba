"""Removals of many sessions that are made in several steps."""

import asyncio
from collections.abc import Sequence

from sessions.journal import Position
from sessions.models import Session


async def all_removed(
    steps: Sequence[tuple[asyncio.Future[Position], Sequence[Session]]],
) -> Sequence[Session]:
    """Wait for all steps and return the sessions that are removed for good.

    What made a step fail is raised only if nothing was removed at all.
    """
    results = await asyncio.gather(*(arrived for arrived, _ in steps), return_exceptions=True)
    removed: list[Session] = []
    failed: BaseException | None = None
    for (_, sessions), result in zip(steps, results, strict=True):
        if isinstance(result, BaseException):
            failed = result
        else:
            removed += sessions
    if failed is not None and not removed:
        raise failed
    return removed
