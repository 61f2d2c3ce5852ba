"""Everything that goes wrong on the way, as problem details."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.api import Problem, ProblemResponse
from adapters.api.bodies import FORMS
from sessions.database import DatabaseError
from sessions.store import SessionStoreError

log = structlog.get_logger(__name__)

_UNREADABLE = "The body is not JSON in UTF-8."


class LastResort:
    """Answers 500 for an error that nobody foresaw, and logs it under a reference."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        started = False

        async def note_the_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note_the_start)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("a request failed", path=scope.get("path"), reference=reference)
            if started:  # the response cannot be taken back; a cut stream is the sign
                raise
            problem = Problem(
                500,
                f"Something went wrong here. The log has it under {reference}.",
                more={"reference": reference},
            )
            await ProblemResponse(problem)(scope, receive, send)


def answer_with_problems(app: FastAPI, describe: Callable[[], Mapping[str, Any]]) -> None:
    """Let each error that a route or the framework raises become problem details.

    `describe` gives the OpenAPI document, which knows all the methods of an address; the
    framework looks no further than the first route that it finds there.
    """

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            methods = _methods(describe(), request.url.path)
            headers = {"Allow": ", ".join(methods)} if methods else error.headers
            detail = f"This address does not take {ascii(request.method[:20])[1:-1]}."
            return ProblemResponse(Problem(405, detail, headers=headers))
        return _http(error)

    app.add_exception_handler(Problem, _problem)
    for error in (DatabaseError, SessionStoreError):
        app.add_exception_handler(error, _not_stored)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, _invalid)


def _methods(document: Mapping[str, Any], path: str) -> list[str]:
    found = (
        method.upper()
        for template, operations in document["paths"].items()
        if compile_path(template)[0].match(path)
        for method in operations
    )
    return sorted(set(found))


def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it
    return ProblemResponse(error)


async def _not_stored(_: Request, error: Exception) -> Response:
    # Writing a trace reads source files, so not in the loop.
    await asyncio.to_thread(log.error, "a request could not be stored", exc_info=error)
    detail = "This could not be stored, so nothing happened. /ready says what is wrong."
    return ProblemResponse(Problem(503, detail, headers={"Retry-After": "30"}))


def _http(error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.BAD_REQUEST:  # all that FastAPI says of a broken body
        errors = [{"field": "body", "detail": _UNREADABLE}]
        return ProblemResponse(Problem(422, _UNREADABLE, more={"errors": errors}))
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = "There is nothing at this address. /docs lists what there is."
    else:
        detail = str(error.detail)
    return ProblemResponse(Problem(error.status_code, detail, headers=error.headers))


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    errors = [_in_words(entry) for entry in error.errors()]
    detail = "; ".join(f"{entry['field']}: {entry['detail']}" for entry in errors[:3])
    return ProblemResponse(Problem(422, detail, more={"errors": errors}))


def _in_words(entry: Mapping[str, Any]) -> Mapping[str, str]:
    """Say one error; what was sent is not repeated."""
    where, *path = entry["loc"]
    kind = entry["type"]
    if kind in {"json_invalid", "string_unicode"}:
        detail = _UNREADABLE
    elif kind == "model_attributes_type":
        detail = "Send a JSON object with Content-Type: application/json"
    else:
        detail = str(entry["msg"]).removeprefix("Value error, ")
    named = [] if kind == "json_invalid" else [str(part) for part in path if part not in FORMS]
    return {"field": ".".join(named) or str(where), "detail": detail}
