"""`data migrate`: bringing in what people have from simpler bots, and taking it out again."""

import asyncio
import csv
import io
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.house import Refusal
from bot.cli.long import ask_and_wait
from bot.cli.operator import Operator, perform
from bot.cli.screen import agreed, complain, local_time, show_facts, show_json, show_table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Body = Mapping[str, Any]
KINDS = ("conversations", "messages", "sessions")
MOST_SHOWN = 20
CELLS = 2


def migrate(
    path: Annotated[Path | None, typer.Argument(help="A file or folder of another bot.")] = None,
    *,
    person: Annotated[
        str, typer.Option(help="Whose it is if it names nobody, as telegram:12345.")
    ] = "",
    platform: Annotated[
        str, typer.Option("--as", help="Where those are that it names: telegram, discord or api.")
    ] = "",
    people: Annotated[
        Path | None, typer.Option(help="Who is who: a CSV of name and person, or a JSON object.")
    ] = None,
    undo: Annotated[str, typer.Option(help="Take out again what this migration added.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is in it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what another bot's files hold, ask, and bring it in: conversations and live sessions."""
    if undo and path is None:
        done = perform(lambda operator: _undo(operator, undo, yes=yes, as_json=as_json))
    elif path is None or undo:
        raise typer.BadParameter("Name a file or folder, or a migration with --undo.")
    else:
        body = {
            "path": str(path.absolute()),
            "person": person,
            "as": platform,
            "people": _who_is_who(people) if people else {},
        }
        bringing = _look if dry_run else partial(_bring_in, yes=yes)
        done = perform(lambda operator: bringing(operator, body, as_json=as_json))
    if not done:
        raise typer.Exit(1)


async def _migrate(operator: Operator, body: Body, *, dry_run: bool) -> Any:
    asked = {**body, "dry_run": dry_run}
    return await ask_and_wait(operator, "POST", "/api/data/migrate", json=asked)


async def _look(operator: Operator, body: Body, *, as_json: bool) -> bool:
    found = await _migrate(operator, body, dry_run=True)
    if as_json:
        show_json(found)
    else:
        _show(found)
    return True


async def _bring_in(operator: Operator, body: Body, *, as_json: bool, yes: bool) -> bool:
    found = await _migrate(operator, body, dry_run=True)
    if not as_json:
        _show(found)
    if found["problem"]:
        return False
    is_new = bool(found["messages"] or found["sessions"])
    if is_new and not await asyncio.to_thread(agreed, "Bring this in?", yes=yes):
        return False
    done = await _migrate(operator, body, dry_run=False)
    if as_json:
        show_json(done)
    else:
        _show_done(done)
    return bool(done["verified"])


def migrations(as_json: AsJson = False) -> None:
    """List the migrations, the newest first."""
    found = perform(lambda operator: operator.ask("GET", "/api/data/migrations"))["items"]
    if as_json:
        show_json(found)
        return
    rows = [
        (each["id"], each["state"], _counted(each), local_time(each["at"]), each["source"])
        for each in found
    ]
    show_table(("migration", "state", "added", "at", "from"), rows)


async def _undo(operator: Operator, migration: str, *, yes: bool, as_json: bool) -> bool:
    all_of_them = (await operator.ask("GET", "/api/data/migrations"))["items"]
    found = next((each for each in all_of_them if each["id"] == migration), None)
    if found is None:
        raise Refusal(f"There is no migration {migration}; `data migrations` lists them.")
    question = f"Take out {_counted(found)}, but for what somebody has gone on with?"
    if not await asyncio.to_thread(agreed, question, yes=yes):
        return False
    done = await ask_and_wait(operator, "POST", f"/api/data/migrations/{migration}/undo")
    if as_json:
        show_json(done)
        return True
    if not done["backup"]:
        print("There is nothing left of it.")
        return True
    counts = (done["conversations"], done["messages"], done["sessions"])
    print(f"Taken out: {_of_each(counts)}. The state before is kept: {done['backup']}.")
    for each in done["kept"]:
        print(f"Kept, for somebody has gone on with it: {each}")
    return True


def _counted(found: Mapping[str, Any]) -> str:
    return _of_each((found["conversations"], found["messages"], len(found["sessions"])))


def _who_is_who(path: Path) -> Mapping[str, str]:
    """Read who is who: a JSON object, or lines of a name and a person."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{path} cannot be read: {error}.") from error
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Refusal(f"{path} is not JSON: {error}.") from error
        if all(isinstance(each, str) for each in found.values()):
            return dict(found)
        raise Refusal(f"{path} does not lead from names to people.")
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    for number, row in enumerate(rows, 1):
        if len(row) != CELLS:
            raise Refusal(
                f"Line {number} of {path} is not a name and a person: alice,telegram:12345"
            )
    return {name.strip(): person.strip() for name, person in rows if ":" in person}


def _show(found: Mapping[str, Any]) -> None:
    for each in found["files"][:MOST_SHOWN]:
        print(f"{each['name']}: {each['kind']}, {_in_it(each)}")
    if len(found["files"]) > MOST_SHOWN:
        print(f"and {len(found['files']) - MOST_SHOWN} more files")
    facts = [
        ("new conversations", str(found["conversations"])),
        ("new messages", str(found["messages"])),
        ("sessions that go on", str(len(found["sessions"]))),
    ]
    if found["known"]:
        facts.append(("messages that are here already", str(found["known"])))
    persons = list(found["people"].items())
    facts += [(f"conversations of {name}", str(many)) for name, many in persons[:MOST_SHOWN]]
    if len(persons) > MOST_SHOWN:
        facts.append(("people in all", str(len(persons))))
    show_facts(facts)
    if found["counts_as_used_now"] and found["messages"]:
        print(
            "Some are older than CONVERSATION_RETENTION_DAYS. All count as used now, so that the "
            "next cleanup leaves them; the messages keep their times."
        )
    if found["problem"]:
        complain(found["problem"])
    elif found["strangers"]:
        names = ", ".join(name or "(no name)" for name in list(found["strangers"])[:MOST_SHOWN])
        print(f"Not taken over, for nobody says who that is here: {names}")
    _show_remarks("Not taken over:", found["left_out"])
    _show_remarks("Changed:", found["changed"])


def _show_remarks(title: str, remarks: Sequence[Mapping[str, Any]]) -> None:
    if not remarks:
        return
    print(title)
    for each in remarks:
        many = f" ({each['many']})" if each["many"] > 1 else ""
        print(f"  {each['what']}{many}: {each['why']}")


def _in_it(file: Mapping[str, Any]) -> str:
    return _of_each((file["conversations"], file["messages"], file["sessions"]))


def _of_each(counts: Sequence[int]) -> str:
    found = [(many, kind) for many, kind in zip(counts, KINDS, strict=True) if many]
    return ", ".join(f"{n} {kind if n > 1 else kind[:-1]}" for n, kind in found) or "nothing"


def _show_done(done: Mapping[str, Any]) -> None:
    if not done["backup"]:
        print("Nothing was new.")
        return
    print(f"Brought in: {_counted(done)}. The state before is kept: {done['backup']}.")
    if done["verified"]:
        print("It was read back, and is as it was read.")
    else:
        complain(f"Not as it was read: {', '.join(done['different']) or 'the number of messages'}.")
    print(f"To take it out again: data migrate --undo {done['id']}")
