"""`data backup`, `verify` and `info`: backups, and where everything is."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.house import Refusal, enter
from bot.cli.long import ask_and_wait
from bot.cli.operator import Operator, perform
from bot.cli.screen import local_time, show_facts, show_json, show_table, tell
from bot.errors import StartError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AskPassphrase = Annotated[
    bool, typer.Option("--passphrase", help="Ask for a passphrase other than BACKUP_PASSPHRASE.")
]
THOUSAND = 1000


def back_up() -> None:
    """Back everything up as it is at one moment; the bot goes on meanwhile."""
    made = perform(lambda operator: ask_long(operator, "backup", {}))
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
    named, secret = named_archive(archive), asked_passphrase(passphrase)

    async def work(operator: Operator) -> Any:
        body = {"archive": named or await _newest(operator), "passphrase": secret}
        return await ask_long(operator, "verify", body)

    found = perform(work)
    print(f"{found['archive']} is whole. It was made at {local_time(found['made_at'])}.")


def info(as_json: AsJson = False) -> None:
    """Say where everything is, how much it is, and which backups there are."""
    try:
        there = perform(ask_info)
    except StartError:
        _tell_backups()
        raise
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


def _tell_backups() -> None:
    """Say which backups there are, for whoever cannot start the bot with what there is."""
    folder = enter().settings.backups.backup_dir
    found = sorted(path.name for path in folder.glob("threadline-*") if path.is_file())
    tell(f"Backups in {folder}, for `data restore NAME`:\n" + "\n".join(found or ["none"]))


async def ask_info(operator: Operator) -> Any:
    """Ask where everything is."""
    return await operator.ask("GET", "/api/data/info")


def _restored(ended: Any) -> str:
    outcome = "is in place" if ended["done"] else f"changed nothing: {ended['reason']}"
    return f"{local_time(ended['at'])}, {ended['archive']} {outcome}"


async def _newest(operator: Operator) -> str:
    backups = (await ask_info(operator))["backups"]
    if not backups:
        raise Refusal("There is no backup. `data backup` makes one.")
    return str(backups[0]["archive"])


async def ask_long(operator: Operator, what: str, body: Any) -> Any:
    """Ask for something that takes a while; a terminal is shown how far it is."""
    return await ask_and_wait(operator, "POST", f"/api/data/{what}", json=body)


def named_archive(archive: str) -> str:
    """Give the path of a file of that name, or the name for the bot to look up."""
    path = Path(archive)
    return str(path.absolute()) if "/" in archive or path.is_file() else archive


def asked_passphrase(passphrase: bool) -> str:
    """Ask for a passphrase, if the person wants to give one."""
    return str(typer.prompt("Passphrase", hide_input=True)) if passphrase else ""


def _rows_of(file: Any) -> int:
    return int(sum(file["rows"].values()))


def _size(many: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if many < THOUSAND:
            return f"{many:.3g} {unit}"
        many /= THOUSAND
    return f"{many:.3g} GB"
