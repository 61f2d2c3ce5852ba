"""The command about reminders: ask for one, list them, cancel one."""

import re

from bot.commands.call import Call, say
from bot.decisions import Said
from bot.errors import NoReminder

USAGE = (
    "Write for example:\n"
    "/remind in 10 minutes: tea\n"
    "/remind every Monday at 9: put the bins out\n"
    "/remind cancel 2"
)
CANCEL = re.compile(r"(?:cancel|delete|stop)\b\s*#?(\d{1,9})?\.?", re.IGNORECASE)
# The colon of “8:30” has no space behind it.
WHEN_AND_WHAT = re.compile(r"(.+?)(?::\s+|\s+[-–—]\s+|:$)(.*)", re.DOTALL)


async def remind(call: Call) -> Said:
    """List the caller's reminders, cancel one, or keep another."""
    if not call.words:
        return await _listed(call)
    if found := CANCEL.fullmatch(call.words):
        return await _cancel(call, found[1])
    found = WHEN_AND_WHAT.fullmatch(call.words)
    if found is None:
        return say(f"Write when, a colon, and what. {USAGE}")
    cause = f"{call.row.id}/remind"
    try:
        kept = await call.reminding.remind(call.sender, cause, found[2], found[1])
    except NoReminder as why:
        return say(str(why))
    return say(kept, "/remind")


async def _listed(call: Call) -> Said:
    lines = await call.reminding.to_come(call.sender)
    if not lines:
        return say(f"There are no reminders. {USAGE}")
    return say("\n".join((*lines, "/remind cancel and the number cancels one.")))


async def _cancel(call: Call, number: str | None) -> Said:
    if number is None:
        return say("Write the number behind it, such as /remind cancel 2; /remind lists them.")
    text = await call.reminding.cancel(call.sender, int(number))
    if text is None:
        return say(f"There is no reminder {number} to come here. /remind lists them.", "/remind")
    return say(f"Cancelled: {text}")
