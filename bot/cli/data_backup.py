"""`data backup`, `verify`, `restore` and `info`: backups, and where everything is."""

import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import httpx
import typer

from bot.cli.house import Refusal, enter
from bot.cli.long import LOOK_SECONDS, ask_and_wait
from bot.cli.operator import Operator, perform, perform_in_running, runs_in
from bot.cli.screen import agreed, local_time, show_facts, show_json, show_table, tell

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AskPassphrase = Annotated[
    bool, typer.Option("--passphrase", help="Ask for a passphrase other than BACKUP_PASSPHRASE.")
]
THOUSAND = 1000
RESTART_SECONDS = 600
"""A start that puts a backup in place first makes one of what is there."""


def back_up() -> None:
    """Back everything up as it is at one moment; the bot goes on meanwhile."""
    made = perform(lambda operator: _long(operator, "backup", {}))
    size = sum(each["size"] for each in made["files"])
    print(
        f"{made['archive']} holds {sum(map(_rows_of, made['files']))} rows in {_size(size)}. "
        f"Nobody could write for {made['barrier_ms']} ms."
    )


def verify(
    archive: Annotated[str, typer.Argument(help="Its name or path; the newest if none.")] = "",
    passphrase: AskPassphrase = False,
) -> None:
    """Unpack a backup and look into every file of it, as a restore would."""
    named, secret = _named(archive), _asked(passphrase)

    async def work(operator: Operator) -> Any:
        body = {"archive": named or await _newest(operator), "passphrase": secret}
        return await _long(operator, "verify", body)

    found = perform(work)
    print(f"{found['archive']} is whole. It was made at {local_time(found['made_at'])}.")


def restore(
    archive: Annotated[str, typer.Argument(help="The name or path of a backup.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    yes: Yes = False,
    passphrase: AskPassphrase = False,
) -> None:
    """Put a backup in the place of everything; what is there now is kept as another backup."""
    named, secret = _named(archive), _asked(passphrase)
    way = _way()
    found = way.look(named, secret)
    for name in found["damaged"]:
        print(f"{name} is damaged: none of its rows can be counted; it is kept as it is.")
    for each in found["changes"]:
        print(f"{each['file']}: {each['table']}: {each['now']} now, {each['then']} then")
    if not found["changes"]:
        print("No table would have another number of rows.")
    if dry_run:
        return
    if not agreed(f"Put {found['archive']} in the place of everything?", yes=yes):
        raise typer.Exit(1)
    ended = way.put_in_place(named, secret)
    if not ended["done"]:
        raise Refusal(f"Nothing was changed. {ended['reason']}")
    print(f"{ended['archive']} is in place. What was there before is kept: {ended['kept']}")
    if ended["damaged"]:
        print(f"What was damaged is kept as it was: {ended['damaged']} in the data directory")


def info(as_json: AsJson = False) -> None:
    """Say where everything is, how much it is, and which backups there are."""
    there = perform(_info)
    if as_json:
        show_json(there)
        return
    facts = [
        (each["name"], f"{_size(each['size'])}, {each['rows']} rows, {each['path']}")
        for each in there["files"]
    ]
    facts += [
        ("first message", local_time(there["oldest"]) or "none"),
        ("last message", local_time(there["newest"]) or "none"),
        ("backups", there["backup_dir"]),
    ]
    if there["last_restore"]:
        facts.append(("last restore", _restored(there["last_restore"])))
    show_facts(facts)
    rows = [
        (
            each["archive"],
            local_time(each["made_at"]),
            _size(each["size"]),
            local_time(each["verified_at"]) or "not verified",
        )
        for each in there["backups"]
    ]
    show_table(("backup", "made at", "size", "verified"), rows)


class Way(Protocol):
    """How a backup is put in place: by the bot that runs, or over closed files."""

    def look(self, archive: str, passphrase: str) -> Any:
        """Verify it, and say what would change."""
        ...

    def put_in_place(self, archive: str, passphrase: str) -> Any:
        """Do it, and say how that ended."""
        ...


class _RunningBot:
    """The bot that runs: it starts again, and does it meanwhile."""

    def look(self, archive: str, passphrase: str) -> Any:
        body = {"archive": archive, "passphrase": passphrase, "dry_run": True}
        return {**perform(lambda operator: _long(operator, "restore", body)), "damaged": ()}

    def put_in_place(self, archive: str, passphrase: str) -> Any:
        asked_at = time.time()
        body = {"archive": archive, "passphrase": passphrase}
        begun = perform(lambda operator: _long(operator, "restore", body))
        return _after_restart(asked_at) if begun["restarts"] else perform(_info)["last_restore"]


def _way() -> Way:
    loaded = enter()
    if runs_in(loaded.settings.sessions.data_dir):
        return _RunningBot()
    from bot.cli.closed_files import ClosedFiles  # noqa: PLC0415 - with a bot it is not needed

    return ClosedFiles(loaded)


async def _info(operator: Operator) -> Any:
    return await operator.ask("GET", "/api/data/info")


def _restored(ended: Any) -> str:
    outcome = "is in place" if ended["done"] else f"changed nothing: {ended['reason']}"
    return f"{local_time(ended['at'])}, {ended['archive']} {outcome}"


async def _newest(operator: Operator) -> str:
    backups = (await _info(operator))["backups"]
    if not backups:
        raise Refusal("There is no backup. `data backup` makes one.")
    return str(backups[0]["archive"])


async def _long(operator: Operator, what: str, body: Any) -> Any:
    """Do something that takes a while; a terminal is shown how far it is."""
    return await ask_and_wait(operator, "POST", f"/api/data/{what}", json=body)


def _after_restart(asked_at: float) -> Any:
    """Wait until the bot that runs has started again, and say how the restore ended."""
    tell("The bot starts again.")
    until = time.monotonic() + RESTART_SECONDS
    data_dir = enter().settings.sessions.data_dir
    while time.monotonic() < until:
        with suppress(httpx.TransportError, Refusal, OSError):
            ended = perform_in_running(data_dir, _info)["last_restore"]
            if ended and _seconds(ended["at"]) >= asked_at:
                return ended
        time.sleep(LOOK_SECONDS)
    raise Refusal("The bot has not come back yet; its log says what it does.")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _named(archive: str) -> str:
    """Give the path of a file of that name, or the name for the bot to look up."""
    path = Path(archive)
    return str(path.absolute()) if "/" in archive or path.is_file() else archive


def _asked(passphrase: bool) -> str:
    return str(typer.prompt("Passphrase", hide_input=True)) if passphrase else ""


def _rows_of(file: Any) -> int:
    return int(sum(file["rows"].values()))


def _size(many: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if many < THOUSAND:
            return f"{many:.3g} {unit}"
        many /= THOUSAND
    return f"{many:.3g} GB"
