"""/api/data/info and /api/data/under-way: where everything is, and how far a long task is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.vault import Holdings
from bot.web.admins import Admin
from sessions.backup import UnderWay
from sessions.restore_files import Outcome


@dataclass(frozen=True)
class FileView:
    """A file with what is beside it: bytes, and the rows of all tables."""

    name: str
    path: str
    size: int
    rows: int


@dataclass(frozen=True)
class ArchiveView:
    """A backup in the directory of backups."""

    archive: str
    made_at: datetime
    why: str
    encrypted: bool
    size: int
    verified_at: Annotated[datetime | None, Field(description="Null: not since it was made.")]


@dataclass(frozen=True)
class InfoView:
    """What there is. The newest backup comes first."""

    files: Sequence[FileView]
    oldest: Annotated[datetime | None, Field(description="When the first message came.")]
    newest: Annotated[datetime | None, Field(description="When the last message came.")]
    backup_dir: str
    backups: Sequence[ArchiveView]
    last_restore: Outcome | None


@dataclass(frozen=True)
class UnderWayView:
    """What is being done now, or null, and how much of how much; 0 of 0 if nobody knows."""

    under_way: UnderWay | None


def info_routes(bot: Bot) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.get(
        "/info",
        summary="Say where everything is, and which backups there are",
        responses={
            200: {"model": InfoView, "description": "What there is."},
            **documented(401, 403, 500, 503),
        },
    )
    async def info(_caller: Admin) -> Response:
        return JsonResponse(_view(await bot.vault.holdings()))

    @router.get(
        "/under-way",
        summary="Say what takes long now, and how far it is",
        responses={
            200: {"model": UnderWayView, "description": "How far it is."},
            **documented(401, 403, 500),
        },
    )
    async def under_way(_caller: Admin) -> Response:
        return JsonResponse(UnderWayView(bot.vault.backups.under_way or bot.care.progress.now))

    return router


def _view(there: Holdings) -> InfoView:
    return InfoView(
        [FileView(one.name, str(one.path), one.size, one.rows) for one in there.files],
        there.oldest,
        there.newest,
        str(there.backup_dir),
        [
            ArchiveView(
                one.path.name, one.made_at, one.why, one.encrypted, one.size, one.verified_at
            )
            for one in there.backups
        ],
        there.last_restore,
    )
