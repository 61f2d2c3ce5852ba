"""GET /api/search: words in people's conversations."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from adapters.api import Caller
from adapters.api.caller import caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.web.conversation_views import HitPage, hit_view
from bot.web.owners import Owner, owners_of
from sessions.search import Whose

LARGEST_PAGE = 100
FARTHEST = 10_000


def search_routes(bot: Bot) -> APIRouter:
    """Make the route. An app key finds what its own people said, or were told."""
    router = APIRouter(tags=["conversations"])

    @router.get(
        "/api/search",
        summary="Find what somebody said, or was told",
        description=(
            'All words of `q` must be there; `"several words"` stand together, and `gard*` is '
            "any beginning. Without `user_id` or `person` all that this key may see is looked "
            "through."
        ),
        responses={
            200: {"model": HitPage, "description": "What was found, the best first."},
            **documented(401, 403, 422, 500, 503),
        },
    )
    async def search(  # noqa: PLR0917 - each is a part of the request
        caller: Annotated[Caller, Depends(caller_of)],
        owner: Owner,
        q: Annotated[str, Query(min_length=1, max_length=500)],
        tag: Annotated[str, Query(max_length=30, description="Only with this tag.")] = "",
        after: Annotated[int, Query(ge=0, le=FARTHEST, description="Skip so many.")] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 20,
    ) -> Response:
        whose = Whose(owner, owners=owners_of(caller))
        found = await bot.library.search.find(whose, q, tag=tag, limit=limit + 1, after=after)
        more = len(found.hits) > limit
        items = [hit_view(each) for each in found.hits[:limit]]
        return JsonResponse(HitPage(items, after + limit if more else None, found.complete))

    return router
