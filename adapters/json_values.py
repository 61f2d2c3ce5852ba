"""Which JSON may be kept: what every store and every client can read again."""

import math
from typing import Any

DEEPEST = 32
LARGEST_INTEGER = 2**63


def storable_text(text: str) -> str:
    """Give back a text that can be stored.

    Raises:
        ValueError: it holds a NUL character or half a character.
    """
    if "\0" in text:
        raise ValueError("the text holds a NUL character, which cannot be stored")
    if not text.isascii() and any(map(_is_half, text)):
        raise ValueError("the text holds half a character (a lone surrogate)")
    return text


def readable(text: str) -> str:
    """Give a text of a platform as it can be stored: U+FFFD stands for NUL and half characters."""
    if "\0" not in text and (text.isascii() or not any(map(_is_half, text))):
        return text
    return "".join("\ufffd" if char == "\0" or _is_half(char) else char for char in text)


def _is_half(char: str) -> bool:
    return "\ud800" <= char <= "\udfff"


def storable(value: Any, depth: int = 0) -> Any:
    """Give back a value that can be stored.

    Raises:
        ValueError: it is nested too deep, or holds NUL, half characters, numbers that are not
            finite, or integers of more than 64 bits.
    """
    if depth > DEEPEST:
        raise ValueError(f"the arguments are nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        storable_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    elif isinstance(value, int) and not -LARGEST_INTEGER <= value < LARGEST_INTEGER:
        raise ValueError("an integer does not fit into 64 bits")
    elif isinstance(value, dict):
        for name, item in value.items():
            storable(name, depth + 1)
            storable(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            storable(item, depth + 1)
    return value
