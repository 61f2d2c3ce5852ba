"""`stats`: how much was said and decided in the last 30 days."""

from typing import Annotated, Any

import typer

from bot.cli.operator import Operator, perform
from bot.cli.screen import show_json, show_table

COUNTS = ("people", "conversations", "messages", "replies")


def show_stats(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count people, conversations, messages and approvals of the last 30 days (UTC)."""

    async def work(operator: Operator) -> Any:
        return await operator.ask("GET", "/api/stats")

    stats = perform(work)
    if as_json:
        show_json(stats)
        return
    rows = [_row(f"since {stats['since']}", each) for each in stats["platforms"]]
    rows += [_row(each["day"], each) for each in stats["days"]]
    show_table(("day", "platform", *COUNTS, "approvals"), rows)


def _row(day: str, figures: Any) -> tuple[str, ...]:
    approvals = (f"{many} {outcome}" for outcome, many in sorted(figures["approvals"].items()))
    counts = (str(figures[name]) for name in COUNTS)
    return (day, figures["platform"], *counts, ", ".join(approvals))
