"""`chat`: the bot in the terminal."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from adapters.contract import Address, Decision, IncomingMessage
from adapters.terminal import TerminalAdapter
from adapters.unnoted import Unnoted
from bot.cli.mailbox import Mailbox
from bot.cli.operator import Operator, perform
from bot.cli.remote import RemoteBot
from bot.cli.screen import complain

PROMPT = "> "
LOOK_SECONDS = 2
"""How often the mailbox is looked into while nothing is typed."""


def chat(
    name: Annotated[
        str, typer.Option("--as", help="The user_id to speak as; each has its own session.")
    ] = "terminal",
) -> None:
    """Chat with the bot here. /help says what it knows; Ctrl-D ends the chat."""
    perform(lambda operator: _chat(operator, name))


async def _chat(operator: Operator, name: str) -> None:
    terminal = sys.stdin.isatty()
    bot, mailbox = RemoteBot(operator.client), Mailbox(operator, name)
    await mailbox.skip()
    if terminal:
        complain("Say something, or /help. Ctrl-D ends the chat.")

    @asynccontextmanager
    async def handle(inbound: IncomingMessage | Decision) -> AsyncIterator[Unnoted]:
        async with bot.handle(inbound) as replies:
            yield Unnoted(mailbox.noting(replies))

    lines = _lines(mailbox, PROMPT if terminal else "")
    adapter = TerminalAdapter(Address("api", name, name), lines, _write)
    async with adapter.serve(handle, ()):
        pass
    if terminal:
        print()


def _write(text: str) -> None:
    print(text, end="", flush=True)


async def _lines(mailbox: Mailbox, prompt: str) -> AsyncIterator[str]:
    """Give what is typed; what comes for the person meanwhile is shown above the prompt."""
    loop = asyncio.get_running_loop()
    while True:
        for text in await mailbox.news():
            _write(f"{text}\n")
        typed: asyncio.Future[str | None] = loop.create_future()
        # A thread of its own: one that waits for a line must not hold up the end of the program.
        threading.Thread(target=_read, args=(prompt, loop, typed), daemon=True).start()
        while not (await asyncio.wait({typed}, timeout=LOOK_SECONDS))[0]:
            for text in await mailbox.news():
                _write(f"\r{text}\n{prompt}")
        line = typed.result()
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
