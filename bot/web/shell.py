"""The application around the routes: who comes in, how errors are said, what is documented."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from adapters.api.bodies import JSON_VALUE_SCHEMA
from adapters.api.problems import PROBLEM_SCHEMA
from bot.web.auth import PUBLIC, Door
from bot.web.bodies import BodyLimit
from bot.web.docs import page
from bot.web.failures import LastResort, answer_with_problems
from bot.web.options import WebOptions

WITH_KEYS = (
    "Send a key as `Authorization: Bearer …` or `X-API-Key: …`. An `app` key speaks for the people "
    "whom it names in `user_id` and sees only what they own through that key; an `admin` key sees "
    "everything and decides as itself."
)
WITHOUT_KEYS = (
    "No API keys are set: the server listens on this machine only, and **whoever reaches it there "
    "is the operator**, who sees everything and may decide everything. Set `API_KEYS` to change "
    "that."
)


def make_app(
    *routers: APIRouter, options: WebOptions, operator: bool, max_message_chars: int
) -> FastAPI:
    """Put the routes into an application. With `operator` every caller is the operator."""
    app = FastAPI(
        title="Threadline",
        version=options.version or "dev",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in routers:
        app.include_router(router)
    describe = _described_once(app, options, max_message_chars)
    _add_documents(app, describe)
    answer_with_problems(app, describe)
    # The last one added is met first.
    app.add_middleware(BodyLimit)
    app.add_middleware(Door, options=options, operator=operator)
    app.add_middleware(LastResort)
    return app


def _add_documents(app: FastAPI, describe: Callable[[], Mapping[str, Any]]) -> None:
    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Mapping[str, Any]:
        return describe()

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        return page(describe(), str(request.base_url))


def _described_once(
    app: FastAPI, options: WebOptions, max_message_chars: int
) -> Callable[[], Mapping[str, Any]]:
    made: dict[str, Any] = {}

    def describe() -> Mapping[str, Any]:
        if not made:
            made.update(_describe(app, options, max_message_chars))
        return made

    return describe


def _describe(app: FastAPI, options: WebOptions, max_message_chars: int) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=WITH_KEYS if options.keys else WITHOUT_KEYS,
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {"Problem": PROBLEM_SCHEMA, "JsonValue": JSON_VALUE_SCHEMA}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operation in _operations(document):  # their parameters take any text
        if "HTTPValidationError" in str(operation["responses"].get("422")):
            del operation["responses"]["422"]
    if "ChatBody" in schemas:
        schemas["ChatBody"]["properties"]["message"]["maxLength"] = max_message_chars
    if options.keys:
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        document["security"] = [{"bearer": []}, {"key": []}]
        for path in PUBLIC & document["paths"].keys():
            for operation in document["paths"][path].values():
                operation["security"] = []
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        yield from operations.values()
