"""`run`: the bot, until it is told to stop."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from typing import TYPE_CHECKING

from bot.cli.house import enter, logging, version
from bot.cli.screen import complain, facts_of, tell
from config.loading import Loaded

if TYPE_CHECKING:
    from bot.app import Running

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_bot() -> None:
    """Run the bot until Ctrl-C or SIGTERM; turns that have begun may finish."""
    loaded = enter()
    with logging(loaded):
        # Only now: it imports everything, and wrong settings are said before.
        from bot.app import serve_bot  # noqa: PLC0415 - see above

        runner = asyncio.Runner()
        try:
            while runner.run(_serve(loaded, serve_bot(loaded.settings))):
                tell("Starting again.")
        except BaseException:
            runner.close()
            raise
    # Everything is closed. A tool that hangs in a thread cannot be ended, and Python would wait
    # for it before it ends: so it is not asked.
    os._exit(0)


async def _serve(loaded: Loaded, serving: "AbstractAsyncContextManager[Running]") -> bool:
    """Serve until it is told to stop; say whether it is to start again, for a restore."""
    with _stop_signals() as stop:
        async with serving as running:
            again = asyncio.Event()

            def restart() -> None:
                again.set()
                stop.set()

            running.bot.vault.restoring.restart = restart
            _announce(loaded, running.served.url)
            await stop.wait()
            tell("Stopping. Turns that have begun may finish.")
    tell("Stopped.")
    return again.is_set()


@contextmanager
def _stop_signals() -> Iterator[asyncio.Event]:
    """Set the event at the first signal; at a second one end at once, as after a crash."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        for each in STOPPING:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    for each in STOPPING:
        loop.add_signal_handler(each, first)
    try:
        yield stop
    finally:
        for each in STOPPING:
            loop.remove_signal_handler(each)


def _announce(loaded: Loaded, url: str) -> None:
    settings = loaded.settings
    keys = settings.server.api_keys
    guard = (
        f"with {len(keys)} API {'key' if len(keys) == 1 else 'keys'}"
        if keys
        else "without API keys: whoever reaches it on this machine is the operator"
    )
    agent = settings.agent
    model = "offline: no language model; set MODEL in .env to use one"
    facts = facts_of(
        [
            ("  HTTP", f"{url}, {guard}"),
            ("  Docs", f"{url}/docs"),
            ("  Agent", agent.agent or (model if agent.model == "offline" else agent.model)),
            ("  Sessions", str(settings.sessions.sessions_csv_path)),
            ("  Data", str(settings.sessions.data_dir)),
        ]
    )
    tell(f"{agent.bot_name} is ready (Threadline {version()}). Ctrl-C stops it.\n{facts}")
    for warning in loaded.warnings:
        with suppress(OSError):
            complain(warning)
