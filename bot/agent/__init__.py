"""The agent: a LangGraph graph, its tools, and what keeps them safe."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.agent.gating import gate as gate

__all__ = ["gate"]


def __getattr__(name: str) -> Any:
    """Give `gate` to those who bring their own graph; importing this package stays light."""
    if name == "gate":
        from bot.agent.gating import gate as found  # noqa: PLC0415 - LangChain takes a second

        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
