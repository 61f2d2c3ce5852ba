"""`sessions`: who is connected, ending a session, and applying an edited file."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.operator import Operator, perform
from bot.cli.screen import agreed, complain, local_time, show_facts, show_json, show_table

app = typer.Typer(no_args_is_help=True, help="Look at the live sessions, end them, edit them.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The session_id.")]


@app.command("list")
def list_sessions(
    platform: Annotated[str, typer.Option(help="Only of this platform.")] = "",
    user: Annotated[str, typer.Option(help="Only of this user_id.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the live sessions, the newest first."""

    async def work(operator: Operator) -> tuple[list[Any], str]:
        query: dict[str, str | int] = {"limit": 500, "platform": platform, "user_id": user}
        items = [item async for item in operator.pages("/api/sessions", **query)]
        return items, await _state_of_file(operator)

    items, state = perform(work)
    if as_json:
        show_json(items)
    else:
        titles = ("session_id", "user_id", "platform", "last activity", "waits for")
        show_table(titles, map(_row, items))
    if state:
        complain(state)


@app.command("show")
def show_session(session_id: Id, as_json: AsJson = False) -> None:
    """Show one session with what waits in it."""

    async def work(operator: Operator) -> Any:
        return await operator.ask("GET", f"/api/sessions/{session_id}")

    session = perform(work)
    if as_json:
        show_json(session)
        return
    pending, metadata = session.pop("pending_approval"), session.pop("metadata")
    show_facts(
        [
            *((name, _shown(name, value)) for name, value in session.items()),
            *((f"metadata.{name}", str(value)) for name, value in metadata.items()),
            *((f"approval {one['id']}", "; ".join(one["actions"])) for one in pending),
        ]
    )


@app.command("end")
def end_session(session_id: Id, yes: Yes = False) -> None:
    """End a session: what waits for approval in it is withdrawn, what was said is kept."""
    if not agreed(f"End session {session_id}?", yes=yes):
        raise typer.Exit(1)

    async def work(operator: Operator) -> None:
        await operator.ask("DELETE", f"/api/sessions/{session_id}")

    perform(work)
    print(f"Ended {session_id}.")


@app.command("apply")
def apply_file(
    file: Annotated[Path, typer.Argument(help="An edited copy of sessions.csv.")],
    yes: Yes = False,
) -> None:
    """Show how an edited file differs from the live sessions, ask, and make it so."""
    path = str(file.absolute())

    async def work(operator: Operator) -> bool:
        found = await operator.ask("POST", "/api/sessions/apply", json={"file": path})
        lines = found["lines"]
        for line in lines:
            print(line)
        if all(line.startswith("ignore ") for line in lines):
            print("Nothing differs.")
            return True
        if not await asyncio.to_thread(agreed, "Make these changes?", yes=yes):
            return False
        body = {"file": path, "agreed": lines}
        await operator.ask("POST", "/api/sessions/apply", json=body)
        print("Applied.")
        return True

    if not perform(work):
        raise typer.Exit(1)


async def _state_of_file(operator: Operator) -> str:
    """Return what `/ready` says about the file, if a person has to do something about it."""
    response = await operator.client.get("/ready")
    for part in response.json()["parts"]:
        if part["name"] == "sessions" and (not part["ok"] or "apply" in part["text"]):
            return str(part["text"])
    return ""


def _row(session: Any) -> tuple[str, ...]:
    waits = "; ".join(action for one in session["pending_approval"] for action in one["actions"])
    return (
        session["session_id"],
        session["user_id"],
        session["platform"],
        local_time(session["last_activity"]),
        waits,
    )


def _shown(name: str, value: str) -> str:
    return local_time(value) if name in {"created_at", "last_activity"} else str(value)
