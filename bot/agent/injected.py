"""Which arguments of a tool LangGraph fills in, so that nobody is shown or asked about them."""

from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool, InjectedToolArg
from langchain_core.tools.base import get_all_basemodel_annotations

RUNTIME = "runtime"
"""LangGraph gives every argument of this name its `ToolRuntime`."""


def injected_arguments(tool: BaseTool) -> frozenset[str]:
    """Name the arguments that come from the graph and not from the model."""
    hints = {**_hints(tool), **get_all_basemodel_annotations(tool.get_input_schema())}
    return frozenset(name for name, hint in hints.items() if name == RUNTIME or is_injected(hint))


def asking_for_runtime(tool: BaseTool) -> Callable[[], None]:
    """Make a signature of the tool's own arguments and the runtime, for a ToolNode to read."""

    def signature() -> None:
        """Hold annotations; it is never called."""

    signature.__annotations__ = {RUNTIME: ToolRuntime, **_hints(tool)}
    return signature


def runtime_in(arguments: Mapping[str, Any]) -> ToolRuntime | None:
    """Find the runtime that a ToolNode put among the arguments."""
    return next((each for each in arguments.values() if isinstance(each, ToolRuntime)), None)


def is_injected(hint: Any) -> bool:
    """Say whether an annotation marks an argument as filled in by the graph."""
    if isinstance(hint, InjectedToolArg):
        return True
    kind = get_origin(hint) or hint
    if isinstance(kind, type) and issubclass(kind, InjectedToolArg | ToolRuntime):
        return True
    return any(is_injected(part) for part in get_args(hint))


def _hints(tool: BaseTool) -> dict[str, Any]:
    function = getattr(tool, "func", None) or getattr(tool, "coroutine", None)
    if function is None:
        return {}
    hints = get_type_hints(function, include_extras=True)
    hints.pop("return", None)
    return hints
