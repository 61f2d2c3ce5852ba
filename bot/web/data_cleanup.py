"""/api/data/cleanup: what is older than it may be, and letting it go."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.errors import NoBackup
from bot.web.admins import Admin


@dataclass(frozen=True)
class PlanView:
    """What would go now."""

    conversations: int
    messages: Annotated[int, Field(description="In them, and those that belong to none.")]
    dead_letters: int
    set_aside: int
    reminders: Annotated[int, Field(description="Those that are over; their words go.")]
    exports: Annotated[int, Field(description="Files in `data/exports`.")]
    oldest: Annotated[datetime | None, Field(description="When the first of the messages came.")]


@dataclass(frozen=True)
class CleanedView:
    """What went."""

    conversations: int
    messages: int
    dead_letters: int
    set_aside: int
    reminders: int
    exports: int
    reclaimed: Annotated[int, Field(description="Bytes of the disk that are free again.")]
    backup: Annotated[
        str, Field(description="The backup that was made before; empty if nothing was to be done.")
    ]


def cleanup_routes(bot: Bot) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/data/cleanup", tags=["data"])
    cleaning = bot.care.cleaning

    @router.get(
        "",
        summary="Say what is older than it may be",
        description="By `CONVERSATION_RETENTION_DAYS` and its neighbours. Nothing goes.",
        responses={
            200: {"model": PlanView, "description": "What would go."},
            **documented(401, 403, 500),
        },
    )
    async def plan(_caller: Admin) -> Response:
        found = await cleaning.plan()
        old = found.old
        return JsonResponse(
            PlanView(
                len(old.conversations),
                old.messages,
                old.dead_letters,
                old.set_aside,
                old.reminders,
                len(found.exports),
                old.oldest,
            )
        )

    @router.post(
        "",
        summary="Let go what is older than it may be",
        description="A backup is made before, and the disk is reclaimed.",
        responses={
            200: {"model": CleanedView, "description": "What went."},
            **documented(401, 403, 500, 503),
        },
    )
    async def clean(_caller: Admin) -> Response:
        try:
            done = await cleaning.clean()
        except NoBackup as error:
            raise Problem(503, str(error)) from error
        return JsonResponse(
            CleanedView(
                done.conversations,
                done.messages,
                done.dead_letters,
                done.set_aside,
                done.reminders,
                done.exports,
                done.reclaimed,
                done.backup,
            )
        )

    return router
