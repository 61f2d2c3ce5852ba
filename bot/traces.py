"""Traces for the log: where an error arose, but not what it quotes of people's words."""

import traceback
from types import TracebackType

SAYS_NO_WORDS = (OSError, ImportError, NameError, AttributeError)
"""Errors whose texts name files and code, not what somebody said."""

OURS = ("bot", "adapters", "sessions", "config")
LONGEST_CHAIN = 10


def trace_of(error: BaseException, *, words: bool) -> str:
    """Write an error with its frames and causes.

    Without `words` the text of an error that may quote a person, a model or a tool is left out:
    a provider's refusal repeats the prompt, and a ValueError what could not be read.
    """
    if words:
        return "".join(traceback.format_exception(error)).rstrip()
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < LONGEST_CHAIN:
        parts.append(_one(current))
        if current.__cause__ is not None:
            current = current.__cause__
        else:
            current = None if current.__suppress_context__ else current.__context__
    return "\n\nThe above followed from this:\n\n".join(parts)


def _one(error: BaseException) -> str:
    frames = _frames(error.__traceback__)
    if isinstance(error, BaseExceptionGroup):
        inner = "\n".join(_one(each) for each in error.exceptions)
        return f"{frames}{type(error).__name__} of {len(error.exceptions)}:\n{inner}"
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    text = str(error)
    if not text:
        return f"{frames}{name}"
    if isinstance(error, SAYS_NO_WORDS) or kind.__module__.partition(".")[0] in OURS:
        return f"{frames}{name}: {text}"
    return f"{frames}{name} ({len(text)} characters; LOG_LEVEL=DEBUG shows them)"


def _frames(where: TracebackType | None) -> str:
    return "Traceback (most recent call last):\n" + "".join(traceback.format_tb(where))
