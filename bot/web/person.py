"""/api/person: everything of one person: how much there is, taking it along, forgetting it."""

import asyncio
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from adapters.api import Caller, Problem
from adapters.api.caller import caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.addresses import address_of, place_of_owner
from bot.bot import Bot
from bot.forgetting import NotBegun, forget_in_turn
from bot.web.own_words import as_download
from bot.web.owners import Owner
from bot.web.people import PERSON
from sessions.portable import Scope
from sessions.shelf import Wanted

MOST = 100_000
"""Conversations of one person; more would be too large for a file anyway."""

PIECE = 64 * 1024

Confirm = Annotated[
    str,
    Query(
        max_length=300,
        description="The `person` whom `GET /api/person` names: that it is really meant.",
    ),
]


@dataclass(frozen=True)
class PersonView:
    """What is kept of a person, and until when backups keep what is deleted today."""

    person: str
    conversations: int
    archives: str
    archives_until: date | None


@dataclass(frozen=True)
class ForgottenView:
    """What was deleted, and until when backups keep it; null: until somebody deletes them."""

    person: str
    conversations: int
    notes: int
    withdrawn: int
    archives: str
    archives_until: date | None


async def one_person(owner: Owner) -> str:
    """Give the person whom a request names.

    Raises:
        Problem: 404, it names nobody.
    """
    if not re.fullmatch(PERSON, owner):
        raise Problem(404, "Say who: `user_id`, or for admin keys `person`, as telegram:12345.")
    return owner


Somebody = Annotated[str, Depends(one_person)]


def person_routes(bot: Bot) -> APIRouter:
    """Make the routes. An app key may do this for its own people, an admin key for anybody."""
    router = APIRouter(prefix="/api/person", tags=["conversations"])

    @router.get(
        "",
        summary="Say how much there is of a person",
        responses={
            200: {"model": PersonView, "description": "What forgetting them would delete."},
            **documented(401, 403, 404, 422, 500),
        },
    )
    async def show_person(person: Somebody) -> Response:
        found = await bot.library.shelf.page(Wanted(person), limit=MOST)
        return JsonResponse(PersonView(person, len(found), *_archives()))

    @router.get(
        "/export",
        summary="Take everything of a person along",
        description=(
            "`markdown`, `html` and `json` have all their conversations; `zip` has also their "
            "files, approvals, reminders, notes and settings, as `docs/data.md` explains."
        ),
        response_class=Response,
        responses={
            200: {
                "description": "The file.",
                "content": {
                    "text/markdown": {},
                    "text/html": {},
                    "application/json": {},
                    "application/zip": {},
                },
            },
            **documented(401, 403, 404, 413, 422, 500),
        },
    )
    async def export_person(
        person: Somebody,
        format: Annotated[Literal["markdown", "html", "json", "zip"], Query()] = "json",  # noqa: A002 - the name in the request
    ) -> Response:
        if format == "zip":
            file = (await bot.care.transfer.export(Scope("person", person))).file
            taken, size = await asyncio.to_thread(_taken, file)
            headers = {
                "Content-Disposition": f'attachment; filename="{file.name}"',
                "Content-Length": str(size),
            }
            kind = "application/zip"
            return StreamingResponse(_pieces(taken), media_type=kind, headers=headers)
        mine = await bot.library.shelf.page(Wanted(person), limit=MOST)
        return await as_download(bot, mine, format)

    @router.delete(
        "",
        summary="Forget a person",
        description=(
            "Deletes everything of a person in every store, as `/forget everything` does, once "
            "what they have sent is answered. Who decided what and when stays, and so do blocks."
        ),
        responses={
            200: {"model": ForgottenView, "description": "It is deleted."},
            **documented(401, 403, 404, 409, 422, 500, 503),
        },
    )
    async def delete_person(
        caller: Annotated[Caller, Depends(caller_of)], person: Somebody, confirm: Confirm = ""
    ) -> Response:
        if confirm != person:
            raise Problem(409, f"This cannot be undone. If you are sure, say confirm={person}.")
        by = caller.decides_as(address_of(place_of_owner(person))).person
        try:
            gone = await forget_in_turn(
                bot.turns, bot.decisions, bot.library, person, by=by, clock=bot.clock
            )
        except NotBegun as stopping:
            raise Problem(503, str(stopping)) from stopping
        counts = gone.conversations, gone.notes, len(gone.settled)
        return JsonResponse(ForgottenView(person, *counts, *_archives()))

    def _archives() -> tuple[str, date | None]:
        now = bot.clock()
        archives = bot.library.archives
        sentence = archives.sentence(now, UTC)
        return f"{sentence[0].upper()}{sentence[1:]}.", archives.last_day(now)

    return router


def _taken(path: Path) -> tuple[BinaryIO, int]:
    """Open a file and take its name away: it is one person's, and no export of the operator's."""
    file = path.open("rb")
    path.unlink()
    return file, os.fstat(file.fileno()).st_size


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
