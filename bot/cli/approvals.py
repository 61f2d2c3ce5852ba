"""`approvals`: what waits for a decision, and deciding it as the operator."""

import json
from typing import Annotated, Any

import typer

from bot.cli.operator import Operator, perform
from bot.cli.screen import local_time, show_facts, show_json, show_table

app = typer.Typer(no_args_is_help=True, help="Look at what waits for approval, and decide.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The approval's id.")]


@app.command("list")
def list_approvals(
    everything: Annotated[bool, typer.Option("--all", help="Also those decided.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what waits for a decision, the newest first."""

    async def work(operator: Operator) -> list[Any]:
        query: dict[str, str | int] = {"limit": 200, "open": "false" if everything else "true"}
        return [item async for item in operator.pages("/api/approvals", **query)]

    items = perform(work)
    if as_json:
        show_json(items)
    else:
        show_table(("id", "asked by", "who decides", "until", "state", "actions"), map(_row, items))


@app.command("show")
def show_approval(approval_id: Id, as_json: AsJson = False) -> None:
    """Show one approval: what was asked, who decided, how it ended."""

    async def work(operator: Operator) -> Any:
        return await operator.ask("GET", f"/api/approvals/{approval_id}")

    found = perform(work)
    if as_json:
        show_json(found)
        return
    times = ("asked_at", "expires_at", "decided_at", "began_at", "ended_at")
    plain = ("id", "requester", "decider", "outcome", "decided_by", "decided_where", "ending")
    show_facts(
        [
            *((name, str(found[name])) for name in plain if found[name]),
            *((name, local_time(found[name])) for name in times if found[name]),
            *(("action", _action(action)) for action in found["actions"]),
        ]
    )


@app.command("approve")
def approve(
    approval_id: Id,
    arguments: Annotated[
        str, typer.Option("--edit", help="Run it with these arguments instead (a JSON object).")
    ] = "",
) -> None:
    """Let the actions run, as asked or with other arguments."""
    body: dict[str, Any] = {"decision": "approve"}
    if arguments:
        body = {"decision": "edit", "arguments": _json_object(arguments)}
    _decide(approval_id, body)


@app.command("reject")
def reject(
    approval_id: Id,
    reason: Annotated[
        str, typer.Option("--reason", help="The agent and the person are told.")
    ] = "",
) -> None:
    """Do not let the actions run."""
    _decide(approval_id, {"decision": "reject", "reason": reason})


def _decide(approval_id: str, body: dict[str, Any]) -> None:
    async def work(operator: Operator) -> Any:
        return await operator.ask("POST", f"/api/approvals/{approval_id}", json=body)

    said = perform(work)
    for text in dict.fromkeys(text for text in (said["text"], said["reply"]) if text):
        print(text)


def _json_object(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise typer.BadParameter('--edit takes a JSON object such as {"text": "Hello"}')
    return value


def _row(approval: Any) -> tuple[str, ...]:
    return (
        approval["id"],
        approval["requester"],
        approval["decider"],
        local_time(approval["expires_at"]),
        approval["outcome"] or "open",
        "; ".join(map(_action, approval["actions"])),
    )


def _action(action: Any) -> str:
    arguments = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}"
        for name, value in action["arguments"].items()
    )
    return f"{action['name']}({arguments})"
