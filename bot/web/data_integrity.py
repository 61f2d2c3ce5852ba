"""/api/data/integrity and /api/data/repair: whether what is kept is whole, and mending it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.errors import NoBackup
from bot.integrity import Look
from bot.web.admins import Admin
from sessions.agreement import Severity


@dataclass(frozen=True)
class FindingView:
    """Something that is not as it should be."""

    rule: Annotated[str, Field(description="What it breaks.")]
    severity: Severity
    about: Annotated[str, Field(description="The file, or the id of the row.")]
    text: str
    mend: Annotated[str, Field(description="What mends it; empty if nothing has to, or can.")]


@dataclass(frozen=True)
class IntegrityView:
    """What was found, errors first."""

    at: datetime
    seconds: float
    errors: int
    findings: Sequence[FindingView]


class RepairBody(BaseModel):
    """What else is to be mended."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accept: Annotated[
        bool, Field(strict=True, description="Keep rows that were changed by hand as they are.")
    ] = False


@dataclass(frozen=True)
class RepairView:
    """How much was mended, and what is still found."""

    mended: int
    backup: Annotated[
        str, Field(description="The backup that was made before; empty if nothing was to be done.")
    ]
    left: IntegrityView


def integrity_routes(bot: Bot) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/data", tags=["data"])

    @router.get(
        "/integrity",
        summary="Look whether all files and records are whole and agree",
        description="It only reads, and takes as long as reading everything does.",
        responses={
            200: {"model": IntegrityView, "description": "What was found."},
            **documented(401, 403, 500),
        },
    )
    async def integrity(_caller: Admin) -> Response:
        return JsonResponse(_view(await bot.care.integrity.look()))

    @router.post(
        "/repair",
        summary="Mend what can be mended",
        description="What `integrity` says that `data repair` mends. A backup is made before.",
        responses={
            200: {"model": RepairView, "description": "What was mended."},
            **documented(401, 403, 422, 500, 503),
        },
    )
    async def repair(body: RepairBody, _caller: Admin) -> Response:
        try:
            done = await bot.care.integrity.repair(accept=body.accept)
        except NoBackup as error:
            raise Problem(503, str(error)) from error
        return JsonResponse(RepairView(done.mended, done.backup, _view(done.left)))

    return router


def _view(look: Look) -> IntegrityView:
    findings = [
        FindingView(each.rule, each.severity, each.about, each.text, each.mend)
        for each in look.findings
    ]
    return IntegrityView(look.at, look.seconds, look.errors, findings)
