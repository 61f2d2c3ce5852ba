"""GET /health and /ready: whether it lives, and whether it can work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.health import Part


@dataclass(frozen=True)
class Health:
    """It runs."""

    status: Literal["ok"]
    version: str


@dataclass(frozen=True)
class PartView:
    """One thing that it needs."""

    name: str
    ok: bool
    text: Annotated[str, Field(description="What is wrong, or how it is. For admins only.")]


@dataclass(frozen=True)
class Readiness:
    """Whether it can work."""

    ready: bool
    parts: Sequence[PartView]


def health_routes(bot: Bot, version: str, takes: Callable[[], bool]) -> APIRouter:
    """Make the routes. They need no key. `takes` says whether messages are taken in now."""
    router = APIRouter(tags=["operation"])

    @router.get(
        "/health",
        summary="Is it alive?",
        responses={200: {"model": Health, "description": "Yes."}, **documented(403, 500)},
    )
    async def health() -> Response:
        return JsonResponse(Health("ok", version))

    @router.get(
        "/ready",
        summary="Can it work?",
        responses={
            200: {"model": Readiness, "description": "Yes."},
            503: {"model": Readiness, "description": "No; `parts` says what is wrong."},
            **documented(403, 500),
        },
    )
    async def ready(request: Request) -> Response:
        caller = request.state.caller
        told = caller is not None and caller.sees_everything
        taking = takes()
        words = "Messages are taken in." if taking else "The bot is starting or stopping."
        found = (*await bot.ready(), Part("intake", taking, words))
        parts = [PartView(p.name, p.ok, p.text if told else "") for p in found]
        fine = all(part.ok for part in parts)
        return JsonResponse(Readiness(fine, parts), status_code=200 if fine else 503)

    return router
