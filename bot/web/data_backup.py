"""/api/data: backups, verifying and restoring them, and where everything is."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.web.admins import Admin
from bot.web.data_info import info_routes
from sessions.archive import ArchiveError
from sessions.archivist_process import BackupFailed
from sessions.manifest import FileRecord, Manifest
from sessions.restore_files import RestoreFailed
from sessions.restoring import Change

Result = TypeVar("Result")

WAITING = "It answers when it is done; `GET /api/data/under-way` says how far it is."
WAITS = "A restore waits for the next start already; until then there is no other."


class ArchiveBody(BaseModel):
    """Which backup; on the control socket also an absolute path."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    archive: Annotated[str, Field(description="The name of its file.", max_length=4096)]
    passphrase: Annotated[
        SecretStr, Field(description="If it is not the one in BACKUP_PASSPHRASE.")
    ] = SecretStr("")


class RestoreBody(ArchiveBody):
    """Which backup to put in place of everything."""

    dry_run: Annotated[bool, Field(strict=True, description="Only say what it would change.")] = (
        False
    )


@dataclass(frozen=True)
class BackupView:
    """A backup, and what is in it."""

    archive: str
    made_at: datetime
    why: str
    version: Annotated[str, Field(description="Of Threadline, which made it.")]
    barrier_ms: Annotated[float, Field(description="For so long nobody could write.")]
    files: Sequence[FileRecord]


@dataclass(frozen=True)
class RestoreView:
    """What changes by a restore: rows of each table now and then."""

    archive: str
    changes: Sequence[Change]
    agreed: Annotated[bool, Field(description="Whether the next start puts it in place.")]
    restarts: Annotated[bool, Field(description="Whether the bot starts again by itself.")]


def backup_routes(bot: Bot, *, operator: bool) -> APIRouter:
    """Make the routes. Whoever is on the control socket may name any file of this machine."""
    router = APIRouter(prefix="/api/data", tags=["data"])
    router.include_router(info_routes(bot))
    backups, restoring = bot.vault.backups, bot.vault.restoring

    async def find(name: str) -> Path:
        found = await asyncio.to_thread(backups.folder.find, name)
        if found is None and operator and Path(name).is_absolute():
            found = Path(name) if await asyncio.to_thread(Path(name).is_file) else None
        if found is None:
            raise Problem(404, "There is no such backup; `data info` lists them.")
        return found

    @router.post(
        "/backup",
        summary="Back everything up, as it is at one moment",
        description=WAITING,
        responses={
            200: {"model": BackupView, "description": "The backup."},
            **documented(401, 403, 500, 503),
        },
    )
    async def backup(_caller: Admin) -> Response:
        try:
            made = await backups.make("asked")
        except (ArchiveError, OSError) as error:
            raise Problem(503, f"There is no backup: {error}") from error
        return JsonResponse(_view(made.path.name, made.manifest))

    @router.post(
        "/verify",
        summary="Unpack a backup, look into every file of it, and throw that away",
        description=WAITING,
        responses={
            200: {"model": BackupView, "description": "It is whole."},
            **documented(401, 403, 404, 422, 500, 503),
        },
    )
    async def verify(body: ArchiveBody, _caller: Admin) -> Response:
        path = await find(body.archive)
        secret = body.passphrase.get_secret_value()
        return JsonResponse(
            _view(path.name, await _usable(backups.verify(path, passphrase=secret)))
        )

    @router.post(
        "/restore",
        summary="Put a backup in the place of everything",
        description="It is verified first. A bot that serves starts again by itself, without one "
        "the next start does it; the state before is kept as a backup of its own. " + WAITING,
        responses={
            200: {"model": RestoreView, "description": "What changes."},
            **documented(401, 403, 404, 409, 422, 500, 503),
            409: {**documented(409)[409], "description": WAITS},
        },
    )
    async def restore(body: RestoreBody, _caller: Admin) -> Response:
        path = await find(body.archive)
        secret = body.passphrase.get_secret_value()
        how = restoring.look if body.dry_run else restoring.agree
        changes = await _usable(how(path, passphrase=secret))
        restarts = restoring.restart is not None and not body.dry_run
        return JsonResponse(RestoreView(path.name, changes, not body.dry_run, restarts))

    return router


async def _usable(work: Awaitable[Result]) -> Result:
    try:
        return await work
    except RestoreFailed as error:
        raise Problem(409, f"Nothing was changed. {error}") from error
    except (BackupFailed, OSError) as error:
        raise Problem(503, f"Nothing was changed. {error}") from error
    except ArchiveError as error:
        raise Problem(422, f"Nothing was changed. {error}") from error


def _view(archive: str, made: Manifest) -> BackupView:
    return BackupView(archive, made.made_at, made.why, made.version, made.barrier_ms, made.files)
