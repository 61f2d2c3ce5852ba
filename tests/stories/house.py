"""A whole bot on real files, with people who chat on a platform inside the process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.contract import Answer, ApprovalRequest, Reply
from adapters.memory import MemoryAdapter
from bot.app import open_bot
from bot.bot import Bot
from bot.recovery import recover
from config.loading import load_settings


@dataclass(frozen=True)
class House:
    """A bot and the people in it."""

    bot: Bot
    people: MemoryAdapter
    csv: Path

    async def eventually(self, chat: str, kind: type[Reply]) -> Reply:
        """Wait until such a thing stands on the screen of a chat, and give it."""
        for _ in range(1000):
            for shown in reversed(self.people.screen(chat)):
                if isinstance(shown, kind):
                    return shown
            await asyncio.sleep(0.005)
        raise AssertionError(f"{kind.__name__} is not on the screen: {self.people.screen(chat)}")

    def said(self, chat: str) -> list[str]:
        """Give the answers and messages that stand on the screen of a chat."""
        return [shown.text for shown in self.people.screen(chat) if isinstance(shown, Answer)]

    async def until_said(self, chat: str, text: str) -> None:
        """Wait until the bot has said exactly this in a chat."""
        for _ in range(1000):
            if text in self.said(chat):
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"{text!r} is not on the screen: {self.people.screen(chat)}")

    async def until_shown(self, chat: str, reply: Reply) -> None:
        """Wait until exactly this stands on the screen of a chat."""
        for _ in range(1000):
            if reply in self.people.screen(chat):
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"{reply} is not on the screen: {self.people.screen(chat)}")


@asynccontextmanager
async def open_house(
    home: Path, *, recovering: bool = False, people: MemoryAdapter | None = None, **env: str
) -> AsyncIterator[House]:
    """Open a bot whose `.env` says this; `people` is a platform that was there before."""

    def prepare() -> None:
        lines = [f"{name}={value}" for name, value in env.items()]
        (home / ".env").write_text("\n".join(lines) + "\n")

    await asyncio.to_thread(prepare)
    settings = (await asyncio.to_thread(load_settings, home)).settings
    async with open_bot(settings) as bot:
        platform = people or MemoryAdapter()
        bot.turns.outbox.connect(platform)
        if recovering:
            await recover(bot)
        async with platform.serve(bot.handle, bot.commands):
            yield House(bot, platform, settings.sessions.sessions_csv_path)


def only(kind: type[Reply], replies: tuple[Reply, ...]) -> Reply:
    """Give the one reply of a kind."""
    (found,) = [reply for reply in replies if isinstance(reply, kind)]
    return found


def answer_in(replies: tuple[Reply, ...]) -> str:
    """Give the answer among replies."""
    found = only(Answer, replies)
    assert isinstance(found, Answer)
    return found.text


def card_in(replies: tuple[Reply, ...]) -> ApprovalRequest:
    """Give the approval card among replies."""
    found = only(ApprovalRequest, replies)
    assert isinstance(found, ApprovalRequest)
    return found
