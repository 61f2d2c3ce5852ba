"""Slash commands: the bot's one table of commands, as Discord lists it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands

from adapters.contract import Command

ASK = Command("ask", "Ask me something, also where I am not named", "text")
LONGEST_SUMMARY = 100
WORDS = "words"
EVERYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False)
ON_SERVERS = app_commands.AppInstallationType(guild=True, user=False)

Interaction = discord.Interaction[Any]
Commanded = Callable[[Interaction, Command | None, str, discord.Attachment | None], Awaitable[None]]


def slash_commands(
    commands: Sequence[Command], commanded: Commanded
) -> list[app_commands.Command[Any, ..., None]]:
    """Give `/ask` and every command of the table; `commanded` is told that one was used."""
    return [_ask(commanded), *(_of(command, commanded) for command in commands)]


def _ask(commanded: Commanded) -> app_commands.Command[Any, ..., None]:
    @app_commands.describe(text="What you want to say", file="A picture or a text file")
    async def ask(
        interaction: Interaction, text: str, file: discord.Attachment | None = None
    ) -> None:
        await commanded(interaction, None, text, file)

    return _command(ASK, ask)


def _of(command: Command, commanded: Commanded) -> app_commands.Command[Any, ..., None]:
    async def alone(interaction: Interaction) -> None:
        await commanded(interaction, command, "", None)

    @app_commands.describe(words=(command.words or command.usage or WORDS)[:LONGEST_SUMMARY])
    async def with_words(interaction: Interaction, words: str = "") -> None:
        await commanded(interaction, command, words, None)

    return _command(command, with_words if command.usage else alone)


def _command(command: Command, callback: Any) -> app_commands.Command[Any, ..., None]:
    return app_commands.Command(
        name=command.name,
        description=command.summary[:LONGEST_SUMMARY] or command.name,
        callback=callback,
        allowed_contexts=EVERYWHERE,
        allowed_installs=ON_SERVERS,
    )
