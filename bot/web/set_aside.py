"""/api/set-aside: what arrived on a platform and could not be handled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.web.admins import Admin
from sessions.arrivals import Arrivals


@dataclass(frozen=True)
class SetAsideView:
    """Something that arrived, as its platform sent it, and why it was not handled."""

    platform: str
    update_id: str
    content: Annotated[str, Field(description="As the platform sent it.")]
    reason: str
    at: datetime


@dataclass(frozen=True)
class SetAsidePage:
    """All of them, the last one first."""

    items: Sequence[SetAsideView]


def set_aside_routes(bot: Bot) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["operation"])
    arrivals = Arrivals(bot.office.database)

    @router.get(
        "/api/set-aside",
        summary="List what arrived and could not be handled",
        responses={
            200: {"model": SetAsidePage, "description": "All of it."},
            **documented(401, 403, 500),
        },
    )
    async def list_set_aside(_caller: Admin) -> Response:
        items = [
            SetAsideView(each.platform, each.update_id, each.content, each.reason, each.at)
            for each in await arrivals.all_set_aside()
        ]
        return JsonResponse(SetAsidePage(items))

    return router
