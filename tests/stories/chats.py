"""What several chats of one person hold, and what a command said."""

from adapters.contract import Notice, Reply
from sessions.models import Session
from tests.stories.house import House, only


def said(replies: tuple[Reply, ...]) -> str:
    notice = only(Notice, replies)
    assert isinstance(notice, Notice)
    return notice.text


async def sessions_by_chat(house: House) -> dict[str, Session]:
    """Give the sessions by the chat that they belong to; a direct chat is the person's name."""
    return {
        str(session.metadata.get("chat_id", session.user_id.removeprefix("memory_"))): session
        for session in await house.bot.sessions.all()
    }


async def each_open_once(house: House) -> None:
    threads = [session.thread_id for session in await house.bot.sessions.all()]
    assert len(threads) == len(set(threads)), "a conversation is open in two sessions"
