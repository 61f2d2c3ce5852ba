"""/api/data/export and /api/data/import: taking everything, a person or a session along."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.web.admins import Admin
from sessions.portable import ArchiveRefused, Scope

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}\.zip")
NONE = "There is no such export in data/exports."
WHOSE = (
    "Say of whom: `scope` is person with a person in `of`, as telegram:12345, session with a "
    "session_id, or everything without `of`."
)


EVERYTHING: JsonDict = {"properties": {"scope": {"const": "everything"}, "of": {"const": ""}}}
OF_ONE: JsonDict = {
    "required": ["scope", "of"],
    "properties": {"scope": {"enum": ["person", "session"]}, "of": {"minLength": 1}},
}


class ExportBody(BaseModel):
    """Of whom the export is to be."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"anyOf": [EVERYTHING, OF_ONE]}
    )

    scope: Literal["everything", "person", "session"] = "everything"
    of: Annotated[
        str, Field(description="A person, as telegram:12345, or the session_id of a session.")
    ] = ""


class ImportBody(BaseModel):
    """An export to take in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[
        str,
        Field(description="A name in `data/exports`; on the control socket also a path."),
    ]
    dry_run: Annotated[bool, Field(strict=True, description="Check it, and add nothing.")] = False


@dataclass(frozen=True)
class ExportView:
    """An export that is written."""

    name: str
    file: Annotated[str, Field(description="Its path on the machine of the bot.")]
    bytes: int
    rows: Annotated[Mapping[str, int], Field(description="How many of each kind.")]


@dataclass(frozen=True)
class KeptExport:
    """A file in `data/exports`."""

    name: str
    bytes: int
    at: datetime


@dataclass(frozen=True)
class KeptExports:
    """All of them, the newest first."""

    items: Sequence[KeptExport]


@dataclass(frozen=True)
class ImportView:
    """What an export holds, and how much of it was new."""

    scope: str
    of: str
    made_at: str
    rows: Mapping[str, int]
    added: Annotated[Mapping[str, int], Field(description="Empty if it was only looked at.")]


def export_routes(bot: Bot) -> APIRouter:
    """Make the routes that write exports and give them out."""
    router = APIRouter(prefix="/api/data", tags=["data"])
    transfer = bot.care.transfer

    @router.post(
        "/export",
        summary="Write an export of everything, a person or a session",
        description="A ZIP of JSON in `data/exports`; `docs/data.md` explains what is in it.",
        responses={
            200: {"model": ExportView, "description": "It is written."},
            **documented(401, 403, 422, 500),
        },
    )
    async def export(body: ExportBody, _caller: Admin) -> Response:
        if (body.scope == "everything") == bool(body.of):
            raise Problem(422, WHOSE)
        done = await transfer.export(Scope(body.scope, body.of))
        size = (await asyncio.to_thread(done.file.stat)).st_size
        return JsonResponse(ExportView(done.file.name, str(done.file), size, done.rows))

    @router.get(
        "/exports",
        summary="List the exports",
        responses={
            200: {"model": KeptExports, "description": "All of them."},
            **documented(401, 403, 500),
        },
    )
    async def list_exports(_caller: Admin) -> Response:
        return JsonResponse(KeptExports(await asyncio.to_thread(_kept, transfer.directory)))

    @router.get(
        "/exports/{name}",
        summary="Fetch an export",
        response_class=FileResponse,
        responses={
            200: {"content": {"application/zip": {}}, "description": "The ZIP."},
            **documented(401, 403, 404, 500),
        },
    )
    async def fetch(name: str, _caller: Admin) -> Response:
        path = transfer.directory / name
        if not NAME.fullmatch(name) or not await asyncio.to_thread(path.is_file):
            raise Problem(404, NONE)
        return FileResponse(path, media_type="application/zip", filename=name)

    return router


def import_routes(bot: Bot, *, operator: bool) -> APIRouter:
    """Make the route. Only who may open the control socket names files by their path."""
    router = APIRouter(prefix="/api/data", tags=["data"])
    transfer = bot.care.transfer

    @router.post(
        "/import",
        summary="Take in an export",
        description="What is known already stays as it is, so doing it again adds nothing.",
        responses={
            200: {"model": ImportView, "description": "It is checked, and taken in."},
            **documented(401, 403, 404, 422, 500, 503),
        },
    )
    async def take_in(body: ImportBody, _caller: Admin) -> Response:
        path = transfer.directory / body.file
        if operator and Path(body.file).is_absolute():
            path = Path(body.file)
        elif not NAME.fullmatch(body.file):
            raise Problem(404, NONE)
        if not await asyncio.to_thread(path.is_file):
            raise Problem(404, NONE)
        try:
            done = await transfer.take_in(path, only_look=body.dry_run)
        except ArchiveRefused as refused:
            raise Problem(422, str(refused)) from refused
        scope = done.scope
        return JsonResponse(ImportView(scope.kind, scope.of, done.made_at, done.rows, done.added))

    return router


def _kept(directory: Path) -> Sequence[KeptExport]:
    if not directory.is_dir():
        return ()
    found = [(each.name, each.stat()) for each in directory.iterdir() if NAME.fullmatch(each.name)]
    items = [
        KeptExport(name, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))
        for name, about in found
    ]
    return sorted(items, key=lambda each: each.at, reverse=True)
