"""What a turn is measured against: servers with the same model, which takes no time."""

import asyncio
import importlib
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from pydantic import BaseModel

ANSWER = "Everything is fine, thank you for asking. What can I do for you today?"


class AtOnce(BaseChatModel):
    """Says the same at once, whatever was asked."""

    @property
    def _llm_type(self) -> str:
        return "at-once"

    def bind_tools(self, *_: Any, **__: Any) -> Runnable[Any, AIMessage]:
        return self

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(ANSWER))])

    async def _agenerate(self, *_: Any, **__: Any) -> ChatResult:
        return self._generate()

    async def _astream(self, *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
        chunk = AIMessageChunk(content=ANSWER, chunk_position="last")
        yield ChatGenerationChunk(message=chunk)


def graph() -> Any:
    """Make the agent for `langgraph dev`, which brings its own checkpoints."""
    return create_agent(AtOnce(), [])


class Said(BaseModel):
    """What a client sends."""

    user_id: str
    message: str


def bare_app(path: Path) -> FastAPI:
    """Make the app that people write first: the agent, its checkpoints as they come, no more."""
    made: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:
            made["agent"] = create_agent(AtOnce(), [], checkpointer=saver)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/api/chat")
    async def chat(said: Said) -> dict[str, str]:
        config = {"configurable": {"thread_id": said.user_id}}
        messages = {"messages": [HumanMessage(said.message)]}
        state = await made["agent"].ainvoke(messages, config)
        return {"reply": state["messages"][-1].text}

    return app


async def in_process(clients: int, seconds: float) -> list[float]:
    """Call the agent without checkpoints and without HTTP; give the seconds of each turn."""
    agent = create_agent(AtOnce(), [])
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    took: list[float] = []

    async def person() -> None:
        while (begin := loop.time()) < end:
            message = HumanMessage("How is everything?", id=str(uuid.uuid4()))
            await agent.ainvoke({"messages": [message]})
            took.append(loop.time() - begin)

    await asyncio.gather(*(person() for _ in range(clients)))
    return took


def run_threadline() -> None:
    """Run the bot with this model in the place of the offline one."""
    vars(importlib.import_module("bot.agent.models"))["OfflineModel"] = AtOnce
    sys.argv = ["threadline", "run"]
    importlib.import_module("bot.cli").main()


def run_bare(port: int) -> None:
    """Serve the bare app."""
    config = uvicorn.Config(
        bare_app(Path("bare.db")), port=port, log_level="warning", access_log=False
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    if sys.argv[1] == "threadline":
        run_threadline()
    else:
        run_bare(int(sys.argv[2]))
