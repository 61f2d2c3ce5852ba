"""Formatting as Telegram takes it: entities that lie inside the text, nest, and leave code alone.

The rules are those of MessageEntity in the Bot API's documentation. Where entities break them,
Telegram refuses the message or drops something silently, so they are mended here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from telegram import MessageEntity

from adapters.text import utf16_length

SOLID = frozenset({"code", "pre"})
QUOTES = frozenset({"blockquote", "expandable_blockquote"})
STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
KNOWN = SOLID | QUOTES | STYLES | {"text_link"}
LINKED = frozenset({"http", "https", "tg"})


@dataclass(frozen=True, slots=True)
class Span:
    """An entity: where it begins and ends, in UTF-16 units."""

    type: str
    start: int
    end: int
    url: str | None = None
    language: str | None = None

    def entity(self) -> MessageEntity:
        """Give it as Telegram's."""
        return MessageEntity(
            type=self.type,
            offset=self.start,
            length=self.end - self.start,
            url=self.url,
            language=self.language,
        )


def is_linkable(url: str) -> bool:
    """Say whether Telegram makes a link of this address, and whether it may be one."""
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    if address.scheme == "tg":
        return bool(address.netloc or address.path)
    return address.scheme in LINKED and "." in (address.hostname or "").strip(".")


def checked(text: str, spans: Iterable[Span]) -> tuple[MessageEntity, ...]:
    """Give the entities that Telegram will take for this text."""
    end = utf16_length(text.rstrip())
    inside = [
        replace(span, start=max(span.start, 0), end=min(span.end, end))
        for span in spans
        if span.type in KNOWN and (span.type != "text_link" or is_linkable(span.url or ""))
    ]
    inside = [span for span in inside if span.start < span.end]
    links = [span for span in inside if span.type == "text_link"]
    code = _apart(
        span
        for span in inside
        if span.type in SOLID and not any(_meet(span, link) for link in links)
    )
    other = [piece for span in inside if span.type not in SOLID for piece in _around(span, code)]
    return tuple(span.entity() for span in _nested([*code, *other]))


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Keep the first of those that overlap."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        if not kept or kept[-1].end <= span.start:
            kept.append(span)
    return kept


def _around(span: Span, code: Sequence[Span]) -> Iterator[Span]:
    """Give what is left of a span beside code; a quote may hold code, and holds all of it."""
    start = span.start
    for solid in code:
        if not _meet(span, solid):
            continue
        if span.type in QUOTES:
            span = replace(span, start=min(span.start, solid.start), end=max(span.end, solid.end))
            start = span.start
        else:
            if start < solid.start:
                yield replace(span, start=start, end=solid.start)
            start = max(start, solid.end)
    if start < span.end:
        yield replace(span, start=start)


def _nested(spans: list[Span]) -> list[Span]:
    """Cut what crosses; drop what stands twice, and a quote inside a quote."""
    waiting = sorted(spans, key=_order, reverse=True)
    kept: list[Span] = []
    around: list[Span] = []
    while waiting:
        span = waiting.pop()
        while around and around[-1].end <= span.start:
            around.pop()
        if any(each.type == span.type or {each.type, span.type} <= QUOTES for each in around):
            limit = max(
                each.end for each in around if each.type == span.type or {each.type} <= QUOTES
            )
            if span.end <= limit or span.type in QUOTES:
                continue
            waiting.append(replace(span, start=limit))
            waiting.sort(key=_order, reverse=True)
            continue
        if around and around[-1].end < span.end:
            waiting.append(replace(span, start=around[-1].end))
            waiting.sort(key=_order, reverse=True)
            span = replace(span, end=around[-1].end)
        kept.append(span)
        around.append(span)
    return kept


def _order(span: Span) -> tuple[int, int, bool]:
    return span.start, -span.end, span.type not in QUOTES
