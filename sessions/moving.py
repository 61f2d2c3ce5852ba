"""A shared chat that goes on under another id, as a Telegram group that becomes a supergroup."""

from sqlalchemy import Connection, func, literal, select, update

from sessions.checksums import COVERED, change_sealed
from sessions.data_tables import note_changed
from sessions.database import Database
from sessions.platform_tables import cards, marks, pieces
from sessions.tables import approvals, conversations, messages, reminders

TABLES = (messages, approvals, reminders, cards, pieces, marks)


class Moving:
    """Renames a chat in everything that is recorded, as one step."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def move(self, platform: str, old: str, new: str) -> int:
        """Let what belongs to one chat belong to another; count its messages.

        The new chat counts its messages from one again, so that one of the old chat's may have
        the id of one that is to come: their ids are kept with the old chat's before them.
        """

        def work(db: Connection) -> int:
            moved = 0
            note_changed(db, (messages.c.platform == platform) & (messages.c.chat_id == old))
            for table in TABLES:
                mine = update(table).where(table.c.platform == platform, table.c.chat_id == old)
                if "platform_message_id" in table.c:
                    its_id = table.c.platform_message_id
                    mine = mine.values(platform_message_id=literal(f"{old}/") + its_id)
                mine = mine.values(chat_id=new)
                if table.name in COVERED:
                    moved = max(moved, change_sealed(db, table, mine))
                else:
                    moved = max(moved, db.execute(mine).rowcount)
            for owner in _owners(db, platform, old):
                renamed = owner.replace(f":chat_{old}", f":chat_{new}", 1)
                whose = conversations.c.owner == owner
                db.execute(update(conversations).where(whose).values(owner=renamed))
            return moved

        return await self._database.write(work)


def _owners(db: Connection, platform: str, chat: str) -> list[str]:
    """Name the owner that a shared chat is, and those that its topics are."""
    name = f"{platform}:chat_{chat}"
    beginning = func.substr(conversations.c.owner, 1, len(name) + 1) == f"{name}/"
    query = select(conversations.c.owner).where((conversations.c.owner == name) | beginning)
    return list(db.execute(query.distinct()).scalars())
