"""LangSmith's spans around middleware, which are not worth two threads each where nobody looks.

LangChain makes a span of every call of a middleware around the model, also where nothing is
traced; what begins and ends it goes through a thread, though it has nothing to do then.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any

from langsmith import set_runtime_overrides
from langsmith.utils import tracing_is_enabled


@contextmanager
def untraced() -> Iterator[None]:
    """Begin and end spans in place as long as the ``with`` lasts, unless something is traced."""
    if tracing_is_enabled():
        yield
        return
    set_runtime_overrides(aio_to_thread=_here)
    try:
        yield
    finally:
        set_runtime_overrides()


async def _here(
    threaded: Callable[..., Any],  # noqa: ARG001 - LangSmith's own way, which takes a thread
    context: Context,
    work: Callable[..., Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    return context.run(work, *args, **kwargs)
