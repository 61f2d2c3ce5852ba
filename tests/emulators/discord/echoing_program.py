"""A bot as a program of its own: it repeats what it hears. API, gateway and token are given."""

import sys

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


class EchoingBot(discord.Client):
    """Repeats every message of a person."""

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            await message.channel.send(f"you said: {message.content}")


if __name__ == "__main__":
    Route.BASE = sys.argv[1]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sys.argv[2])
    EchoingBot(intents=discord.Intents.default(), guild_ready_timeout=0.05).run(sys.argv[3])
