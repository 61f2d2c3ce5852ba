"""`data restore`: a backup takes the place of everything.

A bot that runs prepares it and starts again. Without one it is done here, without opening what is
there: that may be too damaged for a bot to start.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer

from bot.cli.data_backup import (
    AskPassphrase,
    ask_info,
    ask_long,
    asked_passphrase,
    named_archive,
)
from bot.cli.house import Refusal, enter, logging
from bot.cli.long import LOOK_SECONDS, wait_for
from bot.cli.operator import perform, perform_in_running, runs_in
from bot.cli.screen import agreed, tell
from config.loading import Loaded

if TYPE_CHECKING:
    from sessions.restoring import Change

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
RESTART_SECONDS = 600
"""A start that puts a backup in place first makes one of what is there."""


def restore(
    archive: Annotated[str, typer.Argument(help="The name or path of a backup.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    yes: Yes = False,
    passphrase: AskPassphrase = False,
) -> None:
    """Put a backup in the place of everything; what is there now is kept as another backup."""
    named, secret = named_archive(archive), asked_passphrase(passphrase)
    loaded = enter()
    runs = runs_in(loaded.settings.sessions.data_dir)
    body = {"archive": named, "passphrase": secret}
    if runs:
        looked = perform(lambda operator: ask_long(operator, "restore", {**body, "dry_run": True}))
        changes = looked["changes"]
    else:
        changes = _closed(loaded, named, secret, dry_run=True)[0]
    for each in changes:
        print(f"{each['file']}: {each['table']}: {each['now']} now, {each['then']} then")
    if not changes:
        print("No table would have another number of rows.")
    if dry_run:
        return
    if not agreed(f"Put {Path(named).name} in the place of everything?", yes=yes):
        raise typer.Exit(1)
    if runs:
        asked_at = time.time()
        begun = perform(lambda operator: ask_long(operator, "restore", body))
        ended = _after_restart(asked_at) if begun["restarts"] else perform(ask_info)["last_restore"]
    else:
        ended = _closed(loaded, named, secret, dry_run=False)[1]
    if not ended["done"]:
        raise Refusal(f"Nothing was changed. {ended['reason']}")
    print(f"{ended['archive']} is in place. What was there before is kept: {ended['kept']}")


def _closed(loaded: Loaded, named: str, secret: str, *, dry_run: bool) -> tuple[Sequence[Any], Any]:
    """Look at a backup, or put it in place, while no bot runs; say what changes, how it ended."""
    # Only now: with a bot running, none of this is needed.
    from bot.plain_values import backup_setup  # noqa: PLC0415 - see above
    from sessions.archive import ArchiveError  # noqa: PLC0415 - see above
    from sessions.restore_files import RestoreFiles  # noqa: PLC0415 - see above
    from sessions.restoring import finish_restore, restoring_closed  # noqa: PLC0415 - see above
    from sessions.store import SessionStoreError  # noqa: PLC0415 - see above

    setup = backup_setup(loaded.settings)
    path = Path(named) if Path(named).is_absolute() else setup.folder.find(named)
    if path is None or not path.is_file():
        raise Refusal("There is no such backup; `data info` lists them.")

    async def work() -> Sequence["Change"]:
        await finish_restore(setup, clock=_now)  # what was agreed to before
        async with restoring_closed(setup, clock=_now) as restoring:

            async def look() -> tuple[str, int, int] | None:
                now = restoring.under_way
                return (now.what, now.done, now.of) if now else None

            how = restoring.look if dry_run else restoring.agree
            changes = await wait_for(how(path, passphrase=secret), look)
        if not dry_run:
            await finish_restore(setup, clock=_now)
        return changes

    with logging(loaded, quiet=True):
        try:
            changes = asyncio.run(work())
        except (ArchiveError, SessionStoreError) as error:
            raise Refusal(f"Nothing was changed. {error}") from error
    outcome = RestoreFiles(setup.places).read_outcome()
    return [asdict(each) for each in changes], asdict(outcome) if outcome else None


def _now() -> datetime:
    return datetime.now(UTC)


def _after_restart(asked_at: float) -> Any:
    """Wait until the bot that runs has started again, and say how the restore ended."""
    tell("The bot starts again.")
    until = time.monotonic() + RESTART_SECONDS
    data_dir = enter().settings.sessions.data_dir
    while time.monotonic() < until:
        with suppress(httpx.TransportError, Refusal, OSError):
            ended = perform_in_running(data_dir, ask_info)["last_restore"]
            if ended and _seconds(ended["at"]) >= asked_at:
                return ended
        time.sleep(LOOK_SECONDS)
    raise Refusal("The bot has not come back yet; its log says what it does.")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
