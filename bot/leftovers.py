"""What was broken off because nothing could be written, until it can be gone on with."""

from sessions.database import DatabaseError


class Leftovers:
    """Notes that work was broken off; the records say what is unfinished.

    `messages` are the ids of those that nobody works on any more, though they were not begun.
    """

    def __init__(self) -> None:
        self.messages: set[str] = set()
        self._some = False

    def __bool__(self) -> bool:
        return self._some

    def note(self, error: BaseException, message_id: str = "") -> None:
        """Note that this error has broken work off, if it is one that goes by."""
        if isinstance(error, DatabaseError):
            self._some = True
            if message_id:
                self.messages.add(message_id)

    def take(self) -> frozenset[str]:
        """Give the messages, and begin anew: whoever takes them goes on with everything."""
        messages = frozenset(self.messages)
        self.messages.clear()
        self._some = False
        return messages
