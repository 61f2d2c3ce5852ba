"""GET /api/stats: how much was said and decided in the last 30 days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.web.admins import Admin
from sessions.statistics import Figures

DAYS = timedelta(days=30)


@dataclass(frozen=True)
class PlatformStats:
    """What happened on a platform."""

    platform: str
    people: Annotated[int, Field(description="Who wrote something, each counted once.")]
    conversations: int
    messages: Annotated[int, Field(description="What people wrote.")]
    replies: Annotated[int, Field(description="What the bot wrote.")]
    approvals: Annotated[
        Mapping[str, int], Field(description="Those asked, by outcome; `open` has none yet.")
    ]


@dataclass(frozen=True)
class DayStats(PlatformStats):
    """What happened on a platform on one day of UTC."""

    day: date


@dataclass(frozen=True)
class Stats:
    """What happened since a day: on each platform, and by day and platform, the newest first."""

    since: date
    platforms: Sequence[PlatformStats]
    days: Sequence[DayStats]


def statistics_routes(bot: Bot) -> APIRouter:
    """Make the route. It tells nobody's id and nobody's words."""
    router = APIRouter(tags=["operation"])

    @router.get(
        "/api/stats",
        summary="Count people, conversations, messages and approvals",
        description="In the last 30 days, by platform, and by day and platform.",
        responses={
            200: {"model": Stats, "description": "The figures."},
            **documented(401, 403, 500),
        },
    )
    async def stats(_caller: Admin) -> Response:
        since = (bot.clock().astimezone(UTC) - DAYS).date() + timedelta(days=1)
        report = await bot.office.statistics.since(since)
        platforms = [PlatformStats(*_of(each)) for each in report.platforms]
        days = [DayStats(*_of(each.figures), each.day) for each in report.days]
        return JsonResponse(Stats(report.since, platforms, days))

    return router


def _of(figures: Figures) -> tuple[str, int, int, int, int, Mapping[str, int]]:
    return (
        figures.platform,
        figures.people,
        figures.conversations,
        figures.messages,
        figures.replies,
        figures.approvals,
    )
