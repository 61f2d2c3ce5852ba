"""The command with which people set what holds for them alone."""

import asyncio
from difflib import get_close_matches
from zoneinfo import available_timezones

from bot.commands.call import Call, clock, say
from bot.decisions import Said

USAGE = "Write /settings zone Europe/Paris, or /settings streaming on (or off)."
EXAMPLE = "Write a city such as Paris, or a name such as Europe/Paris."
SWITCH = {"on": True, "off": False}


async def settings(call: Call) -> Said:
    """Show what is set, or set it."""
    what, _, value = call.words.partition(" ")
    value = value.strip()
    match what.lower():
        case "":
            return await _shown(call)
        case "zone" if value:
            return await _set_zone(call, value)
        case "streaming" if value.lower() in SWITCH:
            people, person = call.turns.people, call.sender.person
            await people.set_streaming(person, streams=SWITCH[value.lower()])
            return await _shown(call)
    return say(USAGE)


async def _shown(call: Call) -> Said:
    person = await call.turns.people.get(call.sender.person)
    now = clock(call.at, await call.zone())
    streaming = "on" if person.streams else "off"
    other = "off" if person.streams else "on"
    return say(
        f"Time zone: {person.zone or 'UTC'}; you wrote this at {now}.\n"
        f"Streaming, which shows answers while they are written: {streaming}.\n{USAGE}",
        f"/settings streaming {other}",
    )


async def _set_zone(call: Call, written: str) -> Said:
    known = {name.lower(): name for name in await asyncio.to_thread(available_timezones)}
    wanted = written.replace(" ", "_").lower()
    of_city: dict[str, list[str]] = {}
    for name in sorted(known.values()):
        of_city.setdefault(name.lower().rpartition("/")[2], []).append(name)
    in_city = of_city.get(wanted, [])
    zone = known.get(wanted) or (in_city[0] if len(in_city) == 1 else None)
    if zone is None:
        city = wanted.rpartition("/")[2]
        near = in_city or [of_city[each][0] for each in get_close_matches(city, of_city, 3)]
        meant = f"Did you mean {' or '.join(near)}?" if near else EXAMPLE
        return say(
            f"There is no time zone {written}. {meant}",
            *(f"/settings zone {each}" for each in near),
        )
    await call.turns.people.set_zone(call.sender.person, zone)
    return await _shown(call)
