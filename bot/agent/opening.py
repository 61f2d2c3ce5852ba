"""Opening the agent: its model, tools, checkpoints and notes, as one ``async with``."""

import asyncio
import importlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, tool
from langgraph.store.sqlite import SqliteStore
from langgraph.store.sqlite.aio import AsyncSqliteStore

from bot.agent.attachments import LoadFile, SendFile, ShowPictures, Sight, file_tool
from bot.agent.contained import contained
from bot.agent.graph import Limits, build_agent
from bot.agent.ledgered import ToolRuns, may_run_again
from bot.agent.models import ModelOptions, open_models
from bot.agent.notes import Notes
from bot.agent.reminding import Remind, reminding_tool
from bot.agent.runner import Durability, Runner
from bot.agent.saver import open_saver
from bot.agent.thread_file import ours_or_new
from bot.agent.tokens import Spend, TokenCounter
from bot.agent.tools import Send, ZoneOf, shipped_tools
from bot.agent.untraced import untraced
from bot.errors import StartError
from sessions.ledger import Ledger

DEFAULT_PROMPT = (
    "You are {name}, a helpful assistant in a chat. Answer shortly and plainly. Some of your "
    "tools ask a person before they run; that is handled for you, so just call them. When an "
    "action was rejected or its outcome is unknown, say so and do not claim that it happened."
)


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What the agent is made of, as plain values."""

    model: ModelOptions = field(default_factory=ModelOptions)
    limits: Limits = field(default_factory=Limits)
    bot_name: str = "Threadline"
    system_prompt: str = ""
    tools: tuple[str, ...] = ()
    safe_tools: tuple[str, ...] = ("time", "note", "notes", "remind_me", "send_file")
    agent: str = ""
    ungated: Literal["refuse", "allow"] = "refuse"
    tool_timeout_seconds: float = 60
    model_images: Sight = "auto"


@asynccontextmanager
async def open_agent(
    options: AgentOptions,
    *,
    data_dir: Path,
    ledger: Ledger,
    send: Send,
    spend: Spend,
    remind: Remind,
    load_file: LoadFile,
    send_file: SendFile,
    zone_of: ZoneOf,
    clock: Callable[[], datetime],
) -> AsyncIterator[Runner]:
    """Open everything that the agent needs.

    Raises:
        StartError: with a sentence that says which setting is wrong.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(untraced())
        saver = await stack.enter_async_context(open_saver(data_dir / "threads.db"))
        store = await stack.enter_async_context(_open_store(data_dir / "notes.db"))
        notes = Notes(store, data_dir / "notes.db")
        counting: RunnableConfig = {"callbacks": [TokenCounter(spend, asyncio.get_running_loop())]}
        runs = ToolRuns(ledger, options.tool_timeout_seconds, clock)
        if options.agent:
            # Only for those who bring one.
            from bot.agent.foreign import open_foreign, speaking_nodes  # noqa: PLC0415 - for who brings one

            graph, own = await open_foreign(
                options.agent, options.ungated, saver=saver, store=store
            )
            counted = graph.with_config(counting)
            speaking = speaking_nodes(graph)
            yield Runner(counted, saver, own, runs, speaking, inline_pictures=True, notes=notes)
            return
        shipped = [
            *shipped_tools(send, zone_of, clock),
            reminding_tool(remind),
            file_tool(send_file),
        ]
        tools = {each.name: each for each in shipped}
        for path in options.tools:
            for each in await asyncio.to_thread(_own_tools, path):
                if each.name in tools:
                    raise StartError(f"TOOLS={path}: two tools are named {each.name}.")
                tools[each.name] = each
        unknown = sorted(set(options.safe_tools) - set(tools))
        if unknown:
            raise StartError(f"SAFE_TOOLS names no tool that exists: {', '.join(unknown)}.")
        graph = build_agent(
            await asyncio.to_thread(open_models, options.model),
            list(tools.values()),
            safe_tools=frozenset(options.safe_tools),
            system_prompt=await asyncio.to_thread(_prompt, options),
            limits=options.limits,
            runs=runs,
            saver=saver,
            store=store,
            pictures=ShowPictures(load_file, options.model_images),
        )
        # What runs unasked is on disk as a call before it runs, so that a crash runs it no second
        # time; where doing so changes nothing, the turn is written once, at its end.
        unasked = [tools[name] for name in options.safe_tools]
        durability: Durability = "exit" if all(map(may_run_again, unasked)) else "sync"
        yield Runner(
            graph.with_config(counting),
            saver,
            tools,
            runs,
            durability=durability,
            history_max_chars=options.limits.history_max_chars,
            notes=notes,
        )


@asynccontextmanager
async def _open_store(path: Path) -> AsyncIterator[AsyncSqliteStore]:
    await asyncio.to_thread(ours_or_new, path, frozenset({"store"}), _make_store)
    async with aiosqlite.connect(path, timeout=30, isolation_level=None) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        async with AsyncSqliteStore(connection) as store:
            await store.setup()
            yield store


def _make_store(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        SqliteStore(database).setup()


def _prompt(options: AgentOptions) -> str:
    """Give the system prompt: the text itself, or what stands in the .md or .txt file it names."""
    text = options.system_prompt or DEFAULT_PROMPT
    if text.endswith((".md", ".txt")) and "\n" not in text:
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StartError(f"SYSTEM_PROMPT={text} cannot be read: {error}.") from error
    return text.replace("{name}", options.bot_name)


def load(setting: str, path: str) -> Any:
    """Import what ``package.module:name`` means.

    Raises:
        StartError: saying what was looked for and where.
    """
    module_name, _, name = path.partition(":")
    if not module_name or not name:
        raise StartError(f"{setting}={path}: write it as package.module:name.")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise StartError(
            f"{setting}={path}: the module {module_name} cannot be imported "
            f"({type(error).__name__}: {error})."
        ) from error
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise StartError(f"{setting}={path}: {module_name} has no {name!r}.")
    return found


def _own_tools(path: str) -> list[BaseTool]:
    found = load("TOOLS", path)
    if not isinstance(found, list | tuple):
        raise StartError(f"TOOLS={path} is not a list of tools but {type(found).__name__}.")
    try:
        tools = [each if isinstance(each, BaseTool) else tool(each) for each in found]
    except Exception as error:
        raise StartError(f"TOOLS={path} holds something that is no tool: {error}") from error
    return [contained(each) for each in tools]
