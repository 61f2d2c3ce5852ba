"""Text and entities: lengths in UTF-16 units, entities inside the text and well nested.

Limits are those of the Bot API's documentation: 1 to 4096 for a message, 1024 for a caption, 100
entities, of which the rest is ignored. That entities which cross, and entities inside code, are
refused is stricter than the real server, which splits or drops them silently: a bot that sends
them shows something else than it meant.
"""

import re
from urllib.parse import urlsplit

from tests.emulators.telegram.refusals import Json, bad_request

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
MOST_ENTITIES = 100
LINKS = ("http", "https", "tg", "ton", "tonsite")
PLAIN = (
    "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold",
    "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote",
    "code", "pre", "text_link", "text_mention", "custom_emoji", "date_time",
)  # fmt: skip
CODE = {"code", "pre"}
QUOTES = {"blockquote", "expandable_blockquote"}
STYLES = {"bold", "italic", "underline", "strikethrough", "spoiler"}
FOUND = re.compile(
    r"(?P<url>https?://[^\s]+)|(?P<bot_command>(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@\w+)?)"
    r"|(?P<mention>(?<!\w)@[A-Za-z]\w{3,31})"
)


def units(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def formatted(text: str, entities: list[Json], limit: int) -> tuple[str, list[Json]]:
    """Return the text and entities as Telegram keeps them: trimmed, sorted, at most a hundred.

    Raises:
        Refused: The text is empty or too long, or an entity does not fit it.
    """
    starts = _starts(text)
    kept = sorted(
        (dict(one) for one in entities[:MOST_ENTITIES]),
        key=lambda one: (_number(one, "offset"), -_number(one, "length")),
    )
    for one in kept:
        _check(one, starts)
    _check_nesting(kept)
    text, kept = _trimmed(text, kept)
    if limit == TEXT_LIMIT and not text:
        raise bad_request("text must be non-empty")
    if units(text) > limit:
        what = "message is too long" if limit == TEXT_LIMIT else "message caption is too long"
        raise bad_request(what)
    return text, kept


def found_in(text: str) -> list[Json]:
    """Return the commands, mentions and links that Telegram finds in what a person typed."""
    return [
        {
            "type": match.lastgroup,
            "offset": units(text[: match.start()]),
            "length": units(match.group()),
        }
        for match in FOUND.finditer(text)
    ]


def part(text: str, entity: Json) -> str:
    """Return what an entity covers."""
    encoded = text.encode("utf-16-le")
    start, length = 2 * entity["offset"], 2 * entity["length"]
    return encoded[start : start + length].decode("utf-16-le")


def pieces(text: str, most: int) -> list[str]:
    """Split a text as a client does: full pieces, and what is left."""
    found = [""]
    room = most
    for character in text:
        if (size := units(character)) > room:
            found.append("")
            room = most
        found[-1] += character
        room -= size
    return found


def check_link(url: str, what: str) -> None:
    """Refuse what Telegram makes no link of: other schemes, hosts without a dot."""
    address = urlsplit(url if "://" in url or ":" in url else f"http://{url}")
    if address.scheme not in LINKS:
        raise bad_request(f"{what} '{url}' is invalid: Unsupported URL protocol")
    if address.scheme in ("http", "https") and "." not in (address.hostname or ""):
        raise bad_request(f"{what} '{url}' is invalid: Wrong HTTP URL")


def _starts(text: str) -> list[int]:
    """Return where characters begin, in UTF-16 units, and the end."""
    at, starts = 0, [0]
    for character in text:
        at += 1 + (ord(character) > 0xFFFF)
        starts.append(at)
    return starts


def _number(entity: Json, name: str) -> int:
    value = entity.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request(f'can\'t parse MessageEntity: Field "{name}" must be of type Number')
    return value


def _check(entity: Json, starts: list[int]) -> None:
    kind = entity.get("type")
    if kind not in PLAIN:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    start, length = entity["offset"], entity["length"]
    end = start + length
    if start < 0 or length <= 0:
        raise bad_request(f"entity at UTF-16 offset {start} covers nothing")
    if start >= starts[-1]:
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {start}")
    if end > starts[-1]:
        raise bad_request(
            f"entity beginning at UTF-16 offset {start} ends after the end of the text "
            f"at UTF-16 offset {end}"
        )
    within = set(starts)
    if start not in within:
        raise bad_request(f"entity begins in a middle of a UTF-16 symbol at offset {start}")
    if end not in within:
        raise bad_request(
            f"entity beginning at UTF-16 offset {start} ends in a middle of a UTF-16 symbol "
            f"at offset {end}"
        )
    if kind == "text_link":
        if "url" not in entity:
            raise bad_request("can't parse MessageEntity: Can't find field \"url\"")
        check_link(str(entity["url"]), "entity URL")
    if kind == "text_mention" and "user" not in entity:
        raise bad_request("can't parse MessageEntity: Can't find field \"user\"")


def _end(entity: Json) -> int:
    return int(entity["offset"] + entity["length"])


def _check_nesting(entities: list[Json]) -> None:
    open_ones: list[Json] = []
    for one in entities:
        while open_ones and _end(open_ones[-1]) <= one["offset"]:
            open_ones.pop()
        for outer in open_ones:
            _check_pair(outer, one)
        open_ones.append(one)


def _check_pair(outer: Json, inner: Json) -> None:
    """Apply the documentation's rules of nesting to an entity that begins inside another."""
    kinds = f"{inner['type']} at UTF-16 offset {inner['offset']} and {outer['type']}"
    if _end(outer) < _end(inner):
        raise bad_request(f"can't parse entities: {kinds} cross")
    if outer["type"] in QUOTES and inner["type"] in QUOTES:
        raise bad_request("can't parse entities: blockquote entities can't be nested")
    if outer["type"] in QUOTES:
        return
    both = {outer["type"], inner["type"]}
    if both & CODE or not both & STYLES:
        raise bad_request(f"can't parse entities: {kinds} can't be nested")


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Cut white space at the end, and at the start up to the first entity, as the server does."""
    text = text.rstrip()
    first = min((one["offset"] for one in entities), default=len(text))
    cut = 0
    while cut < min(first, len(text)) and text[cut] in " \n":
        cut += 1
    text = text[cut:]
    end = units(text)
    kept = []
    for one in entities:
        start = one["offset"] - cut
        length = min(one["length"], end - start)
        if length > 0:
            kept.append({**one, "offset": start, "length": length})
    return text, kept
