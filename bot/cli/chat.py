"""`chat`: the bot in the terminal."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from typing import Annotated

import typer

from adapters.contract import Address
from adapters.terminal import TerminalAdapter
from bot.cli.operator import Operator, perform
from bot.cli.remote import RemoteBot
from bot.cli.screen import complain


def chat(
    name: Annotated[
        str, typer.Option("--as", help="The user_id to speak as; each has its own session.")
    ] = "terminal",
) -> None:
    """Chat with the bot here. /help says what it knows; Ctrl-D ends the chat."""
    perform(lambda operator: _chat(operator, name))


async def _chat(operator: Operator, name: str) -> None:
    me = Address("api", name, name)
    terminal = sys.stdin.isatty()
    if terminal:
        complain("Say something, or /help. Ctrl-D ends the chat.")
    adapter = TerminalAdapter(me, _lines("> " if terminal else ""), _write)
    async with adapter.serve(RemoteBot(operator.client).handle, ()):
        pass
    if terminal:
        print()


def _write(text: str) -> None:
    print(text, end="", flush=True)


async def _lines(prompt: str) -> AsyncIterator[str]:
    """Give what is typed. A thread reads it, one line when one is wanted."""
    loop = asyncio.get_running_loop()
    while True:
        typed: asyncio.Future[str | None] = loop.create_future()
        threading.Thread(target=_read, args=(prompt, loop, typed), daemon=True).start()
        line = await typed
        if line is None:
            return
        yield line


def _read(prompt: str, loop: asyncio.AbstractEventLoop, typed: asyncio.Future[str | None]) -> None:
    try:
        line = input(prompt)
    except (EOFError, UnicodeDecodeError):
        line = None
    loop.call_soon_threadsafe(_give, typed, line)


def _give(typed: asyncio.Future[str | None], line: str | None) -> None:
    if not typed.done():
        typed.set_result(line)
