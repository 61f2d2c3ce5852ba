"""The command that tells people what they have used."""

from datetime import timedelta

from bot.commands.call import Call, clock, say
from bot.decisions import Said

DAYS = 7
HOW_COUNTED = (
    "A token is about four characters, read or written. Where the model does not say how many it "
    "used, as the offline one never does, they are estimated from the length of the texts."
)


async def usage(call: Call) -> Said:
    """Say what the caller has used today and on the days before."""
    limits = call.turns.limits
    today, most = limits.today(), limits.options.tokens_per_day
    days = [today - timedelta(days=back) for back in range(DAYS)]
    used = await limits.usage.since(call.sender.person, days[-1])
    lines = [f"Today you have used {used.get(today, 0):,} tokens; there is no limit."]
    if most:
        until = clock(limits.renewed_at())
        lines = [f"Today you have used {used.get(today, 0):,} of {most:,} tokens, until {until}."]
    lines += [f"The last {DAYS} days: {sum(used.values()):,}."]
    lines += [f"  {day}: {used[day]:,}" for day in days if day in used]
    return say("\n".join([*lines, HOW_COUNTED]))
