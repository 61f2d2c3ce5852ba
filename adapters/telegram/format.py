"""Markdown, as models write it, as messages of Telegram: text with entities, none too long."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from telegram import MessageEntity
from telegramify_markdown import convert
from telegramify_markdown.config import RenderConfig

from adapters.telegram.entities import Span, checked, is_linkable
from adapters.text import SHORTEST, split, utf16_length

LONGEST = 4096
"""UTF-16 units in a message, after the entities are taken out."""

ROOM = 4000
"""What is filled of it: a mark that a part may come twice finds its place."""

MOST_ENTITIES = 100
"""Telegram ignores those that come after."""

SEPARATOR = re.compile(r" {0,3}\|?[ :|-]*-[ :|-]*\|[ :|-]*$")
STAND_INS = "⸢⸣⸤⸥⸦⸧⸨⸩⹂⸄⸅⸉⸊"
"""Rare punctuation, in place of what the converter would swallow: it counts one unit each."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message: its Markdown, and the text and entities made of it."""

    source: str
    text: str
    entities: tuple[MessageEntity, ...] = ()

    def after(self, words: str) -> "Part":
        """Give it with words in front."""
        shift = utf16_length(words)
        moved = tuple(
            MessageEntity(
                type=each.type,
                offset=each.offset + shift,
                length=each.length,
                url=each.url,
                language=each.language,
            )
            for each in self.entities
        )
        return Part(words + self.source, words + self.text, moved)


def parts_of(markdown: str, room: int = ROOM) -> list[Part]:
    """Give a text as messages, each whole by itself."""
    found: list[Part] = []
    for source in _pieces(markdown, room):
        part = part_of(source)
        fits = utf16_length(part.text) <= ROOM and len(part.entities) <= MOST_ENTITIES
        if fits or room // 2 < SHORTEST:
            found.append(part if fits else Part(source, source))
        else:
            found += parts_of(source, room // 2)
    return found


def part_of(markdown: str) -> Part:
    """Give a text as one message, however long that is."""
    text, spans = _converted(markdown)
    text, spans = _with_addresses(text, spans)
    if not text.strip():
        return Part(markdown, markdown)
    text = text.rstrip()
    return Part(markdown, text, checked(text, spans))


def plain(text: str) -> list[Part]:
    """Give a text without any formatting as messages."""
    return [Part(each, each) for each in split(text, ROOM, utf16_length)]


def _pieces(markdown: str, room: int) -> Iterator[str]:
    """Split a text; a table that goes on in the next message has its head there too."""
    head = ""
    for piece in split(markdown, room, utf16_length):
        first = piece.split("\n", 1)[0].strip()
        goes_on = head and first.startswith("|") and utf16_length(f"{head}\n{piece}") <= LONGEST
        whole = f"{head}\n{piece}" if goes_on and not _head(piece.split("\n")[:2]) else piece
        yield whole
        head = _last_head(whole)


def _last_head(piece: str) -> str:
    """Give the head of the table with which a piece ends, if it does."""
    lines = piece.split("\n")
    at = len(lines)
    while at and lines[at - 1].strip().startswith("|"):
        at -= 1
    return _head(lines[at : at + 2])


def _head(lines: list[str]) -> str:
    is_head = len(lines) > 1 and lines[0].strip().startswith("|") and SEPARATOR.match(lines[1])
    return "\n".join(lines) if is_head else ""


def _converted(markdown: str) -> tuple[str, list[Span]]:
    """Convert, keeping what looks like a tag or a formula as it was written."""
    free = [mark for mark in STAND_INS if mark not in markdown]
    swaps = list(zip("<$", free, strict=False))
    for char, mark in swaps:
        markdown = markdown.replace(char, mark)
    text, found = convert(markdown, latex_escape=False, config=_config())

    def back(words: str) -> str:
        for char, mark in swaps:
            words = words.replace(mark, char)
        return words

    spans = [
        Span(
            str(each.type),
            each.offset,
            each.offset + each.length,
            back(each.url) if each.url else None,
            back(each.language) if each.language else None,
        )
        for each in found
    ]
    return back(text), spans


def _config() -> RenderConfig:
    """Give a configuration without ornaments in front of headings."""
    config = RenderConfig.isolated()
    symbol = config.markdown_symbol
    symbol.heading_level_1 = symbol.heading_level_2 = ""
    symbol.heading_level_3 = symbol.heading_level_4 = ""
    symbol.unordered_list_item = "•"
    return config


def _with_addresses(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Write out the addresses of which Telegram would make no link."""
    bad = [s for s in spans if s.type == "text_link" and s.url and not is_linkable(s.url)]
    for link in sorted(bad, key=lambda each: each.end, reverse=True):
        at = len(text.encode("utf-16-le")[: 2 * link.end].decode("utf-16-le", "ignore"))
        words = f" ({link.url})"
        if text[:at].endswith(link.url or ""):
            continue
        text = text[:at] + words + text[at:]
        shift = utf16_length(words)
        spans = [
            replace(
                each,
                start=each.start + (shift if each.start >= link.end else 0),
                end=each.end + (shift if each.end > link.end else 0),
            )
            for each in spans
        ]
    return text, spans
