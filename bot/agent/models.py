"""The language model: any that LangChain knows, or the one that needs no key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel

from bot.agent.offline import OfflineModel
from bot.errors import StartError

EXTRAS = ("openai", "anthropic", "ollama")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which model, and how patiently it is asked."""

    model: str = "offline"
    fallback: str = ""
    base_url: str = ""
    timeout_seconds: float = 60
    retries: int = 2


def open_models(options: ModelOptions) -> Sequence[BaseChatModel]:
    """Make the model and, if there is one, its fallback.

    Raises:
        StartError: the name is not understood, or a package or key is missing.
    """
    names = [name for name in (options.model, options.fallback) if name]
    return [_open(name, options) for name in names]


def _open(name: str, options: ModelOptions) -> BaseChatModel:
    if name == "offline":
        return OfflineModel()
    provider, colon, model = name.partition(":")
    if colon and not (provider and model):
        raise StartError(f"MODEL={name} is half a name; write for example openai:gpt-5-mini.")
    details: dict[str, Any] = {"timeout": options.timeout_seconds}
    if provider == "ollama":  # it takes its time-out where httpx does, and has no retry
        details = {"client_kwargs": {"timeout": options.timeout_seconds}}
    else:
        details["max_retries"] = options.retries
    if options.base_url:
        details["base_url"] = options.base_url
    try:
        return init_chat_model(name, configurable_fields=None, **details)
    except ImportError as missing:
        package = provider if provider in EXTRAS else ""
        command = (
            f"./install.sh {package}"
            if package
            else f".venv/bin/pip install langchain-{provider.replace('_', '-')}"
        )
        raise StartError(
            f"MODEL={name} needs a package that is not installed. Install it with: {command}"
        ) from missing
    except Exception as error:
        raise StartError(
            f"MODEL={name} cannot be used: {_first_line(error)} "
            "Write it as provider:name, such as openai:gpt-5-mini, and set the provider's key."
        ) from error


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".") + "."
