"""What the bot has said, as a platform shows it."""

from collections.abc import Sequence

from adapters.contract import Answer, Attachment
from sessions.conversations import Conversations
from sessions.models import Message


async def as_answer(
    row: Message, conversations: Conversations, parts: Sequence[str] = (), *, again: bool = False
) -> Answer:
    """Give a message of the bot with its files; `parts` and `again` as `Answer` has them."""
    files = await conversations.files.of(row.id) if row.files else ()
    attachments = tuple(Attachment(each.name, each.media_type, each.content) for each in files)
    return Answer(row.id, row.text, tuple(parts), again, attachments, row.private)
