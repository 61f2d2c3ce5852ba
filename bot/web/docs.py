"""/docs: the OpenAPI document as one page that needs nothing from anywhere else."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from starlette.responses import HTMLResponse

JsonObject = Mapping[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: 0.9em ui-monospace, monospace; background: var(--soft); border-radius: 4px }
code { padding: 0 0.25em } pre { padding: 0.75em; overflow-x: auto }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0 0.75rem }
summary { cursor: pointer; padding: 0.5rem 0 } summary b { display: inline-block; min-width: 4.5em }
table { border-collapse: collapse; width: 100% } h2 { margin-top: 2.5rem }
td, th { border-top: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: left;
  vertical-align: top }
"""

_EXAMPLE = """curl -s ADDRESSapi/chat \\
  -H 'Content-Type: application/json' \\
  -d '{"user_id": "test_123", "message": "Hello"}'"""


def page(document: JsonObject, address: str) -> HTMLResponse:
    """Write the page, for a server at this address."""
    body = "".join(_parts(document)).replace("ADDRESS", escape(address))
    title = escape(str(document["info"]["title"]))
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}: HTTP API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>{body}</html>'
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


def _parts(document: JsonObject) -> Iterator[str]:
    info = document["info"]
    yield f"<h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1>"
    yield f"<p>{_prose(info['description'])}</p><pre>{escape(_EXAMPLE)}</pre>"
    yield '<p>For programs: <a href="/openapi.json">openapi.json</a></p><h2>Addresses</h2>'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation(path, method, operation)
    yield "<h2>Shapes</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield f'<details id="{escape(name)}"><summary><b>{escape(name)}</b></summary>'
        yield f"<p>{_prose(schema.get('description', ''))}</p>{_fields(schema)}</details>"


def _operation(path: str, method: str, operation: JsonObject) -> Iterator[str]:
    yield f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> "
    yield f"{escape(operation.get('summary', ''))}</summary>"
    yield f"<p>{_prose(operation.get('description', ''))}</p>"
    if parameters := operation.get("parameters"):
        rows = [
            (p["name"], p["in"], _type(p["schema"]), p.get("description", "")) for p in parameters
        ]
        yield _table(("parameter", "in", "type", ""), rows)
    if body := operation.get("requestBody"):
        for media, content in body["content"].items():
            yield f"<p>Body: <code>{escape(media)}</code> {_type(content['schema'])}</p>"
    yield "<table><tr><th>status</th><th>meaning</th><th>body</th></tr>"
    for status, response in operation["responses"].items():
        kinds = ", ".join(
            f"<code>{escape(media)}</code> {_type(content.get('schema', {}))}"
            for media, content in response.get("content", {}).items()
        )
        meaning = _prose(response["description"])
        yield f"<tr><td>{escape(status)}</td><td>{meaning}</td><td>{kinds}</td></tr>"
    yield "</table></details>"


def _fields(schema: JsonObject) -> str:
    if "properties" not in schema:
        return f"<p>{_type(schema)}</p>"
    rows = [
        (
            name,
            "required" if name in schema.get("required", ()) else "",
            _type(field),
            field.get("description", ""),
        )
        for name, field in schema["properties"].items()
    ]
    return _table(("field", "", "type", ""), rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, str, str, str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = (
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(note)}</td><td>{kind}</td>"
        f"<td>{_prose(text)}</td></tr>"
        for name, note, kind, text in rows
    )
    return f"<table><tr>{top}</tr>{''.join(lines)}</table>"


def _type(schema: JsonObject) -> str:
    """Say a schema in few words, with links to the named ones."""
    if ref := schema.get("$ref"):
        name = escape(ref.rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_type(one) for one in schema[several])
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(json.dumps(value))}</code>" for value in values)
    kind = escape(str(schema.get("type", "any")))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    limits = [f"{key} {schema[key]}" for key in _LIMITS if key in schema]
    return escape(", ".join([kind, *limits]))


_LIMITS = ("format", "minLength", "maxLength", "minimum", "maximum", "default")


def _prose(text: str) -> str:
    """Escape a text, with its code and its bold words marked."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)
