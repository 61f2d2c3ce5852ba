"""Choosing a language model: what cannot be used is said at the start, in a sentence."""

import sys
from pathlib import Path

import pytest

from bot.agent.models import ModelOptions
from bot.agent.opening import AgentOptions
from bot.errors import StartError
from tests.agent.desk import open_desk


@pytest.fixture(autouse=True)
def a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")


async def test_a_missing_package_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "langchain_ollama", None)
    options = AgentOptions(model=ModelOptions(model="ollama:llama"))
    with pytest.raises(StartError, match=r"\./install\.sh ollama"):
        async with open_desk(tmp_path, options):
            pass


@pytest.mark.parametrize("model", ["no-such-provider:x", "gibberish", "openai:"])
async def test_a_model_that_cannot_be_is_refused_with_a_sentence(
    tmp_path: Path, model: str
) -> None:
    with pytest.raises(StartError, match=f"MODEL={model}"):
        async with open_desk(tmp_path, AgentOptions(model=ModelOptions(model=model))):
            pass


async def test_a_missing_key_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(StartError, match="OPENAI_API_KEY"):
        async with open_desk(tmp_path, AgentOptions(model=ModelOptions(model="openai:x"))):
            pass
