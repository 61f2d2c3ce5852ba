"""/api/data/migrate: bringing in what people have from simpler bots."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.errors import NoBackup
from bot.migration import Asked, Report
from bot.web.admins import Admin
from sessions.migrating.diary import Migration
from sessions.migrating.found import Remark, SourceRefused
from sessions.migrating.staging import FromFile
from sessions.migrating.whose import Whose

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}")
NONE = "There is no such file or folder in data/incoming."
NO_MIGRATION = "There is no such migration; `data migrations` lists them."


class MigrateBody(BaseModel):
    """What to bring in, and whose it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    path: Annotated[
        str,
        Field(
            description="A file or folder in `data/incoming`; on the control socket also a path.",
            max_length=4096,
        ),
    ]
    person: Annotated[
        str, Field(description="Whose it is if it names nobody, as telegram:12345.")
    ] = ""
    platform: Annotated[
        str,
        Field(alias="as", description="Where those are that it names: telegram, discord or api."),
    ] = ""
    people: Annotated[
        Mapping[str, str],
        Field(description="Who is who: names in the files, or ids of their sessions, to people."),
    ] = Field(default_factory=dict)
    dry_run: Annotated[bool, Field(strict=True, description="Only say what would come in.")] = False


@dataclass(frozen=True)
class MigrationView:
    """A migration: what it added, and what stayed where it is, with the reason."""

    id: str
    at: datetime
    state: Annotated[
        str, Field(description="`begun` (cut off, or only looked at), `done`, `undoing`, `undone`.")
    ]
    source: str
    files: Sequence[FromFile]
    conversations: Annotated[int, Field(description="New ones.")]
    messages: Annotated[int, Field(description="New ones.")]
    sessions: Annotated[Sequence[str], Field(description="Live sessions that go on here.")]
    verified: Annotated[bool, Field(description="It was read back, and is as it was read.")]
    backup: Annotated[str, Field(description="The backup before; empty if nothing was new.")]
    left_out: Annotated[Sequence[Remark], Field(description="What is not taken over, and why.")]
    changed: Annotated[Sequence[Remark], Field(description="What is another than it was.")]


@dataclass(frozen=True)
class ReportView(MigrationView):
    """What comes in, and whose it is."""

    people: Annotated[Mapping[str, int], Field(description="Conversations of each person.")]
    strangers: Annotated[
        Mapping[str, int], Field(description="Conversations of those whom nobody knows here.")
    ]
    known: Annotated[int, Field(description="Messages that were here already.")]
    counts_as_used_now: Annotated[
        bool, Field(description="Else CONVERSATION_RETENTION_DAYS would remove some at once.")
    ]
    problem: Annotated[str, Field(description="What stands in its way; empty: nothing.")]
    different: Annotated[Sequence[str], Field(description="Ids of what is not as it was read.")]


@dataclass(frozen=True)
class Migrations:
    """All migrations, the newest first."""

    items: Sequence[MigrationView]


@dataclass(frozen=True)
class UndoneView:
    """What was taken out again, and what stayed because somebody has gone on with it."""

    migration: str
    conversations: int
    messages: int
    sessions: int
    kept: Annotated[Sequence[str], Field(description="Conversations, and sessions in use.")]
    backup: Annotated[str, Field(description="The backup that was made before.")]


def migrate_routes(bot: Bot, *, operator: bool) -> APIRouter:
    """Make the routes. Only who may open the control socket names files by their path."""
    router = APIRouter(prefix="/api/data", tags=["data"])
    migrating = bot.care.migrating

    @router.post(
        "/migrate",
        summary="Bring in what people have from another bot",
        description="What is here already stays as it is, so doing it again adds nothing.",
        responses={
            200: {"model": ReportView, "description": "What came in, or would."},
            **documented(401, 403, 404, 422, 500, 503),
        },
    )
    async def migrate(body: MigrateBody, _caller: Admin) -> Response:
        path = migrating.incoming / body.path
        if operator and Path(body.path).is_absolute():
            path = Path(body.path)
        elif not NAME.fullmatch(body.path) or not await asyncio.to_thread(_is_there, path):
            raise Problem(404, NONE)
        asked = Asked(path, Whose(body.person, body.platform, body.people))
        try:
            done = await migrating.migrate(asked, only_look=body.dry_run)
        except SourceRefused as refused:
            raise Problem(422, str(refused)) from refused
        except NoBackup as error:
            raise Problem(503, str(error)) from error
        return JsonResponse(_report(done))

    @router.get(
        "/migrations",
        summary="List the migrations",
        responses={
            200: {"model": Migrations, "description": "All of them."},
            **documented(401, 403, 500),
        },
    )
    async def list_migrations(_caller: Admin) -> Response:
        found = await asyncio.to_thread(migrating.diary.all)
        return JsonResponse(Migrations([MigrationView(**_facts(each)) for each in found]))

    @router.post(
        "/migrations/{migration}/undo",
        summary="Take out what a migration has added",
        description="What somebody has gone on with since stays. A backup is made before.",
        responses={
            200: {"model": UndoneView, "description": "What was taken out."},
            **documented(401, 403, 404, 500, 503),
        },
    )
    async def undo(migration: str, _caller: Admin) -> Response:
        try:
            done = await migrating.undo(migration)
        except NoBackup as error:
            raise Problem(503, str(error)) from error
        if done is None:
            raise Problem(404, NO_MIGRATION)
        return JsonResponse(
            UndoneView(
                done.migration,
                done.conversations,
                done.messages,
                done.sessions,
                done.kept,
                done.backup,
            )
        )

    return router


def _is_there(path: Path) -> bool:
    """Say whether it is there, and no link that leads elsewhere."""
    return path.exists() and not path.is_symlink()


def _facts(found: Migration) -> Mapping[str, Any]:
    kept = ("id", "at", "state", "source", "files", "conversations", "messages", "sessions",
            "verified", "backup")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in kept},
        "left_out": [each for each in found.remarks if not each.taken],
        "changed": [each for each in found.remarks if each.taken],
    }


def _report(done: Report) -> ReportView:
    return ReportView(
        **_facts(done.migration),
        people=done.people,
        strangers=done.strangers,
        known=done.known,
        counts_as_used_now=done.shifted,
        problem=done.problem,
        different=done.different,
    )
