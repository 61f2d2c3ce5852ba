"""GET /metrics: figures for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from adapters.api.problems import documented
from bot.bot import Bot
from bot.web.admins import Admin


def metrics_routes(bot: Bot) -> APIRouter:
    """Make the route. For admins: how much is said here is nobody else's business."""
    router = APIRouter(tags=["operation"])

    @router.get(
        "/metrics",
        summary="Figures for Prometheus",
        description="What has happened since the start, and what waits now.",
        responses={
            200: {
                "description": "In the text format of Prometheus.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            **documented(401, 403, 500),
        },
        response_class=Response,
    )
    async def metrics(_caller: Admin) -> Response:
        return Response(await bot.office.figures(), media_type=CONTENT_TYPE_LATEST)

    return router
