"""Who was forgotten: keyed hashes, so that records that are put back can lose their words again."""

import asyncio
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path

import structlog
from sqlalchemy import Connection, bindparam, func, select, union, update

from sessions.data_tables import forgotten
from sessions.database import Database
from sessions.kept_out import KeptOut
from sessions.models import Place
from sessions.private_files import write_private
from sessions.stopping import stop
from sessions.stores_of_words import Forgetting, take_out
from sessions.tables import approvals, conversations, insert_if_absent, messages, people, reminders
from sessions.times import loaded, stored

log = structlog.get_logger(__name__)

KEY_BYTES = 32
BEGIN = insert_if_absent(forgotten, "who", "at")
FINISH = (
    update(forgotten)
    .where(forgotten.c.who == bindparam("whom"), forgotten.c.at == bindparam("since"))
    .values(done=True)
)


class Forgotten:
    """The table of those who were forgotten, and taking their words out of the records.

    The keys keep those who read the table from finding out who it was by trying. There are several
    where records of another bot were put in place; the first is the one that new rows have.
    """

    def __init__(self, database: Database, keys: Sequence[bytes]) -> None:
        self._database = database
        self._keys = keys

    def hash_of(self, person: str) -> str:
        """Give what stands in the table for a person who is forgotten now."""
        return self._hashes_of(person)[0]

    def _hashes_of(self, person: str) -> Sequence[str]:
        name = person.encode("utf-8", "replace")
        return [blake2b(name, key=each, digest_size=32).hexdigest() for each in self._keys]

    async def begin(self, person: str, at: datetime) -> None:
        """Note that everything of a person until this time is to go; again, it changes nothing."""
        row = {"who": self.hash_of(person), "at": stored(at), "done": False}
        await self._database.write(lambda db: db.execute(BEGIN, row))

    async def has_begun(self, person: str, at: datetime) -> bool:
        """Say whether `begin` was called with this already."""
        query = select(forgotten.c.number).where(
            forgotten.c.who == self.hash_of(person), forgotten.c.at == stored(at)
        )
        return await self._database.read(lambda db: db.execute(query).first() is not None)

    async def finish(self, who: str, at: datetime) -> None:
        """Note that it has gone."""
        row = {"whom": who, "since": stored(at)}
        await self._database.write(lambda db: db.execute(FINISH, row))

    async def unfinished(self) -> Sequence[tuple[str, datetime]]:
        """Give whose words are still to go, as hashes, and until when."""
        query = select(forgotten.c.who, forgotten.c.at).where(forgotten.c.done.is_(False))
        return await self._database.read(
            lambda db: [(who, loaded(at)) for who, at in db.execute(query)]
        )

    async def until(self, person: str) -> datetime | None:
        """Say up to when a person's words are forgotten, so that no import brings them back."""
        query = select(forgotten.c.at).where(forgotten.c.who.in_(self._hashes_of(person)))
        found = await self._database.read(lambda db: list(db.execute(query).scalars()))
        return loaded(max(found)) if found else None

    async def kept_out(self, made_at: str) -> KeptOut:
        """Say what may not come in with an export that was made at a time, as it says itself."""
        query = select(forgotten.c.who, func.max(forgotten.c.at).label("until")).group_by(
            forgotten.c.who
        )
        untils = await self._database.read(
            lambda db: {row.who: row.until for row in db.execute(query)}
        )
        now = stored(datetime.now(UTC))
        return KeptOut(untils, cache(self._hashes_of), made_at, now=now)

    async def known_as(self, who: str) -> Sequence[str]:
        """Give the people of the records for whom this hash stands: one, or none."""
        everybody = union(
            select(messages.c.platform + ":" + messages.c.user_id),
            select(approvals.c.requester),
            select(reminders.c.platform + ":" + reminders.c.user_id),
            select(conversations.c.owner),
            select(people.c.person),
        )

        def read(db: Connection) -> Sequence[str]:
            found = db.execute(everybody).scalars()
            return [person for person in found if person and who in self._hashes_of(person)]

        return await self._database.read(read)

    async def asked(self, place: Place, text: str, *, at: datetime, within: timedelta) -> bool:
        """Say whether somebody wrote this here, and was answered, shortly before."""
        query = select(messages.c.id).where(
            messages.c.platform == place.platform,
            messages.c.user_id == place.user_id,
            messages.c.chat_id == place.chat_id,
            messages.c.topic_id == place.topic_id,
            messages.c.text == text,
            messages.c.state == "answered",
            messages.c.created_at.between(stored(at - within), stored(at)),
        )
        return await self._database.read(lambda db: db.execute(query.limit(1)).first() is not None)

    async def stop(self, person: str, until: datetime) -> None:
        """End what is under way for a person, who asked before for all of it to be forgotten."""
        await stop(self._database, person, until, now=datetime.now(UTC))

    async def shared_turns(self, person: str, until: datetime) -> Sequence[tuple[str, str]]:
        """Give the threads of others in which a person spoke, with the ids of what they said."""
        platform, _, user_id = person.partition(":")
        query = (
            select(messages.c.thread_id, messages.c.id)
            .join(conversations, conversations.c.id == messages.c.thread_id)
            .where(
                messages.c.platform == platform,
                messages.c.user_id == user_id,
                messages.c.role == "user",
                messages.c.created_at <= stored(until),
                conversations.c.owner != person,
            )
        )
        return await self._database.read(
            lambda db: [(row.thread_id, row.id) for row in db.execute(query)]
        )

    async def latest(self, person: str, at: datetime) -> datetime:
        """Give the time of the last that there is of a person, or this one if it is later."""
        platform, _, user_id = person.partition(":")
        times = (
            select(func.max(messages.c.created_at)).where(
                messages.c.platform == platform, messages.c.user_id == user_id
            ),
            select(func.max(conversations.c.created_at)).where(conversations.c.owner == person),
            select(func.max(approvals.c.asked_at)).where(approvals.c.requester == person),
            select(func.max(reminders.c.created_at)).where(
                reminders.c.platform == platform, reminders.c.user_id == user_id
            ),
        )
        found = await self._database.read(
            lambda db: [db.execute(each).scalar_one() or 0 for each in times]
        )
        return max(at, loaded(max(found)))

    async def take_out(self, person: str, until: datetime, *, but: str = "") -> None:
        """Take a person's words out of every table, and every byte of them out of the file."""
        platform, _, user_id = person.partition(":")
        day = until.astimezone(UTC).date().isoformat()
        who = Forgetting(platform, user_id, stored(until), day, but)
        await self._database.write(lambda db: take_out(db, who))
        await asyncio.to_thread(self._database.wipe)


def read_keys(path: Path) -> Sequence[bytes]:
    """Read the keys of the hashes, or make one; they are of no use without the table."""
    if not (found := keys_in(path)):
        if is_forgetful(path.with_name("conversations.db")):
            log.error(
                "the key of those who were forgotten is lost: put it back from a backup, or what "
                "is brought in may have their words",
                file=path.name,
            )
        found = [secrets.token_bytes(KEY_BYTES)]
        write_keys(path, found)
    return found


def is_forgetful(records: Path) -> bool:
    """Say whether somebody was forgotten in these records."""
    if not records.exists():
        return False
    try:
        with closing(sqlite3.connect(records, timeout=30)) as db:
            return db.execute("SELECT 1 FROM forgotten LIMIT 1").fetchone() is not None
    except sqlite3.Error:  # of a version that could not forget; others say what is damaged
        return False


def keys_in(path: Path) -> Sequence[bytes]:
    """Give the keys of a file, none if it is not there."""
    content = b""
    with suppress(FileNotFoundError):
        content = path.read_bytes()
    whole = len(content) - len(content) % KEY_BYTES
    return [content[start : start + KEY_BYTES] for start in range(0, whole, KEY_BYTES)]


def write_keys(path: Path, keys: Sequence[bytes]) -> None:
    """Write a file of keys; durable on return."""
    write_private(path, b"".join(keys))
