"""Finding what a path of the API names, refused as the real one refuses it."""

import re

from aiohttp import web

from tests.emulators.discord.refusals import (
    fault,
    invalid_form,
    unknown_channel,
    unknown_guild,
    unknown_message,
)
from tests.emulators.discord.world import Channel, Guild, Message, World


def number(request: web.Request, name: str) -> int:
    """Return an id of the path; one that is no number is refused (50035)."""
    text = request.match_info[name]
    if not re.fullmatch(r"\d{1,20}", text):
        words = f'Value "{text}" is not snowflake.'
        raise invalid_form({f"{name}_id": fault("NUMBER_TYPE_COERCE", words)})
    return int(text)


def channel_of(world: World, request: web.Request) -> Channel:
    channel = world.channels.get(number(request, "channel"))
    if channel is None:
        raise unknown_channel()
    return channel


def guild_of(world: World, request: web.Request) -> Guild:
    guild = world.guilds.get(number(request, "guild"))
    if guild is None or guild.left:
        raise unknown_guild()
    return guild


def message_of(channel: Channel, request: web.Request) -> Message:
    """Return a message of the channel; what only one person sees is not found here."""
    wanted = number(request, "message")
    for one in channel.history:
        if one.id == wanted and one.only_for is None:
            return one
    raise unknown_message()
