"""Who a message is for: in a group the bot answers when it is named, replied to or commanded."""

from collections.abc import Collection, Sequence

from telegram import Message, MessageEntity, User

MARKS: list[str | None] = [
    MessageEntity.MENTION,
    MessageEntity.TEXT_MENTION,
    MessageEntity.BOT_COMMAND,
]


class Addressing:
    """Knows the bot's own name and its commands."""

    def __init__(self, me: User, commands: Collection[str]) -> None:
        self._me = me
        self._name = f"@{me.username}".lower()
        self._commands = frozenset(commands)

    def is_for_us(self, messages: Sequence[Message]) -> bool:
        """Say whether one of these messages, which belong together, speaks to the bot."""
        if self._commands_another(messages[0]):
            return False
        return any(
            message.chat.type == message.chat.PRIVATE
            or self._replies_to_us(message)
            or any(self._names_us(*mark) for mark in _marks(message))
            for message in messages
        )

    def text_of(self, message: Message) -> str:
        """Give what a message says, without the bot's name."""
        text = message.text or message.caption or ""
        encoded = text.encode("utf-16-le")
        ours = [mark for mark in _marks(message) if self._is_our_name(*mark)]
        for entity, words in sorted(ours, key=lambda mark: mark[0].offset, reverse=True):
            start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
            kept = words.partition("@")[0] if entity.type == entity.BOT_COMMAND else ""
            before, after = encoded[:start], encoded[end:]
            if not kept:
                after = after.decode("utf-16-le").lstrip(" ,:").encode("utf-16-le")
            encoded = before + kept.encode("utf-16-le") + after
        return encoded.decode("utf-16-le").strip()

    def is_us(self, user: User | None) -> bool:
        """Say whether this is the bot."""
        return user is not None and user.id == self._me.id

    def _commands_another(self, message: Message) -> bool:
        """Say whether it is a command that names another bot, whatever it replies to."""
        return any(
            entity.type == entity.BOT_COMMAND
            and entity.offset == 0
            and "@" in words
            and not self._is_our_name(entity, words)
            for entity, words in _marks(message)
        )

    def _replies_to_us(self, message: Message) -> bool:
        replied = message.reply_to_message
        return replied is not None and self.is_us(replied.from_user) and not _is_root(message)

    def _names_us(self, entity: MessageEntity, words: str) -> bool:
        if entity.type == entity.BOT_COMMAND and "@" not in words:
            return entity.offset == 0 and words[1:].lower() in self._commands
        return self._is_our_name(entity, words)

    def _is_our_name(self, entity: MessageEntity, words: str) -> bool:
        if entity.type == entity.TEXT_MENTION:
            return self.is_us(entity.user)
        return words.lower().endswith(self._name)


def _is_root(message: Message) -> bool:
    """Say whether what it replies to only opened its topic: every message there does."""
    replied = message.reply_to_message
    return (
        bool(message.is_topic_message)
        and replied is not None
        and replied.message_id == message.message_thread_id
    )


def _marks(message: Message) -> list[tuple[MessageEntity, str]]:
    found = message.parse_entities(MARKS) if message.text else message.parse_caption_entities(MARKS)
    return list(found.items())
