"""What of all that is written concerns the bot, and what it says."""

import re
from typing import Any

import discord
import structlog

from adapters.contract import Address, IncomingMessage
from adapters.discord.failures import LOST, THREAD_EXISTS, missing_permission
from adapters.discord.files import read_files
from adapters.discord.options import PLATFORM, DiscordOptions

log = structlog.get_logger(__name__)

HELLO = "/start"
"""What somebody says who only names the bot."""

SPOKEN = (discord.MessageType.default, discord.MessageType.reply)
LONGEST_THREAD_NAME = 60
REMEMBERED = 1000
"""Messages of which a second copy is answered where the first was: then nothing comes twice."""


Interaction = discord.Interaction[Any]


def address_of(arrival: discord.Message | Interaction) -> Address:
    """Say who speaks where. In a server each channel and each thread is a chat of its own."""
    author = arrival.author if isinstance(arrival, discord.Message) else arrival.user
    person = str(author.id)
    if arrival.guild is None and not _guild_id(arrival):
        return Address(PLATFORM, person, person)
    channel = arrival.channel.id if isinstance(arrival, discord.Message) else arrival.channel_id
    return Address(PLATFORM, str(channel), person)


def server_of(arrival: discord.Message | Interaction) -> str:
    """Give the id of the server, empty in a direct chat."""
    return str(_guild_id(arrival) or "")


class Hearing:
    """Listens to messages."""

    def __init__(self, client: discord.Client, options: DiscordOptions) -> None:
        self._client = client
        self._options = options
        self._places: dict[int, Address] = {}

    def concerns(self, message: discord.Message) -> bool:
        """Say whether somebody speaks to the bot: directly, by name, in reply, in its thread."""
        me = self._client.user
        if me is None or message.author.bot or message.webhook_id or message.type not in SPOKEN:
            return False
        if not server_of(message) or self._names_me(message):
            return True
        answered = message.reference.resolved if message.reference else None
        if isinstance(answered, discord.Message) and answered.author.id == me.id:
            return True
        thread = message.channel
        return isinstance(thread, discord.Thread) and thread.owner_id == me.id

    async def hear(self, message: discord.Message, sender: Address) -> IncomingMessage:
        """Give what a message says, with its files."""
        text = self._words(message)
        files, notes = await read_files(message.attachments, self._options.max_attachment_bytes)
        text = "\n".join(filter(None, [text, *notes]))
        return IncomingMessage(
            sender=sender,
            text=text if text or files else HELLO,
            message_id=str(message.id),
            sent_at=message.created_at,
            sender_name=message.author.display_name,
            attachments=files,
        )

    async def place(self, message: discord.Message) -> Address:
        """Say where this is answered: where it was said, or in a thread that is opened on it."""
        sender = address_of(message)
        if (
            not self._options.threads
            or sender.direct
            or not isinstance(message.channel, discord.TextChannel)
        ):
            return sender
        there = Address(PLATFORM, str(message.id), sender.user_id)  # a thread has its message's id
        if message.id not in self._places and message.flags.has_thread:
            return there
        if message.id not in self._places:
            opened = await self._opens_thread(message)
            self._places[message.id] = there if opened else sender
            if len(self._places) > REMEMBERED:
                del self._places[next(iter(self._places))]
        return self._places[message.id]

    async def _opens_thread(self, message: discord.Message) -> bool:
        name = " ".join(self._words(message).split())[:LONGEST_THREAD_NAME]
        try:
            await message.create_thread(name=name or message.author.display_name)
        except discord.Forbidden:
            log.warning(missing_permission(f"#{message.channel}", "Create Public Threads"))
            return False
        except discord.HTTPException as refused:
            if refused.code != THREAD_EXISTS:
                log.warning("a thread could not be opened", error=str(refused))
                return False
        except (discord.RateLimited, *LOST) as lost:
            log.warning("a thread could not be opened", error=type(lost).__name__)
            return False
        return True

    def _names_me(self, message: discord.Message) -> bool:
        return any(f"<@{sign}>" in message.content for sign in self._signs(message))

    def _words(self, message: discord.Message) -> str:
        """Give the text without the bot's own name; other people's are words, not numbers."""
        text = message.content
        if server_of(message):
            for sign in self._signs(message):
                text = re.sub(rf"[ \t]*<@{sign}>[ \t]*", " ", text)
        for user in message.mentions:
            text = re.sub(rf"<@!?{user.id}>", f"@{user.display_name}", text)
        forwarded = [f"[forwarded] {each.content}" for each in message.message_snapshots]
        return "\n".join(filter(None, [text.strip(), *forwarded]))

    def _signs(self, message: discord.Message) -> list[str]:
        """Give how the bot is named in a text: by itself, or by the role that is its own."""
        me = self._client.user.id if self._client.user else 0
        role = message.guild.self_role if message.guild else None
        return [f"{me}", f"!{me}", *([f"&{role.id}"] if role else [])]


def _guild_id(arrival: discord.Message | Interaction) -> int | None:
    if isinstance(arrival, discord.Message):
        guild = arrival.guild or getattr(arrival.channel, "guild", None)
        return guild.id if guild else getattr(arrival.channel, "guild_id", None)
    return arrival.guild_id
