"""Where the words of a person stand in data/conversations.db, table by table, and taking them out.

What else has words of people: `threads.db` and `notes.db` (the agent's), `search.db` (fed from the
messages), and the rows of `sessions.csv` (what is open). `bot/forgetting.py` goes through all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from sessions.data_tables import changed, forgotten
from sessions.erasing import (
    BOTS,
    ENDED,
    WRITTEN,
    erase_messages,
    erase_quotes,
    hash_rows,
    hashed,
    hashed_actions,
    hashed_verdicts,
    in_portions,
)
from sessions.past import title_of
from sessions.platform_tables import (
    cards,
    files,
    guests,
    kept_updates,
    marks,
    pieces,
    set_aside,
)
from sessions.shelf import tag_of
from sessions.tables import (
    approvals,
    conversations,
    dead_letters,
    fingerprints,
    grants,
    ledger,
    messages,
    parts,
    people,
    reminders,
    usage,
    votes,
)

UNASKED = and_(messages.c.role == "assistant", messages.c.answers.is_(None))


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Who is to be forgotten, and until when: a time as it is stored, and its day.

    `but` is the id of the message that asked for it. `late` is when what was said until then was
    answered: what came of it until that moment goes too.
    """

    platform: str
    user_id: str
    until: int
    day: str
    but: str = ""
    late: int = 0

    @property
    def person(self) -> str:
        """Who it is, as ``telegram:12345``."""
        return f"{self.platform}:{self.user_id}"


def _messages(db: Connection, who: Forgetting) -> None:
    in_time = and_(
        messages.c.platform == who.platform,
        messages.c.user_id == who.user_id,
        or_(messages.c.created_at <= who.until, _came_of_it(who)),
        messages.c.state.in_((*ENDED, *BOTS)),
        messages.c.id != who.but,
    )
    ids = list(db.execute(select(messages.c.id).where(in_time)).scalars())
    _ledger(db, who)
    _titles(db, in_time)
    _lists(db, in_time)
    for some in in_portions(ids):
        db.execute(delete(fingerprints).where(fingerprints.c.message_id.in_(some)))
        # Also what was answered later, as when a request of theirs was withdrawn.
        erase_messages(db, or_(messages.c.id.in_(some), messages.c.answers.in_(some)))


def _came_of_it(who: Forgetting) -> ColumnElement[bool]:
    """Give the condition that something was sent to a person, though not as an answer, by then."""
    return and_(UNASKED, messages.c.created_at <= who.late)


def _titles(db: Connection, theirs: ColumnElement[bool]) -> None:
    """Take titles and tags that are their words off conversations that others share.

    Also off the copies of these: what names a conversation stands in the first one alone.
    """
    said = (
        select(conversations.c.owner, messages.c.text)
        .join(messages, messages.c.thread_id == conversations.c.id)
        .where(theirs, messages.c.role == "user", messages.c.text != "")
    )
    texts: dict[str, list[str]] = {}
    for owner, text in db.execute(said):
        texts.setdefault(owner, []).append(text)
    for owner, written in texts.items():
        titles, tags = _names_in(written)
        here = conversations.c.owner == owner
        for row in db.execute(select(conversations).where(here)).all():
            values = {
                "title": "" if row.title in titles else row.title,
                "tags": [each for each in row.tags if each not in tags],
            }
            db.execute(update(conversations).where(conversations.c.id == row.id).values(values))


def _names_in(texts: Sequence[str]) -> tuple[set[str], set[str]]:
    """Give the titles and the tags that somebody may have given with these texts."""
    titles, tags = set(), set()
    for text in texts:
        first, *rest = text.split(maxsplit=1) or [""]
        words = "".join(rest)
        titles |= {title_of(text), title_of(words)}
        if first.lower().startswith("/tag"):
            tags |= {tag_of(each) for each in words.replace(",", " ").split()} - {None}
    return titles - {""}, {each for each in tags if each}


def _lists(db: Connection, theirs: ColumnElement[bool]) -> None:
    """Erase what commands of others have shown where several speak: it may have their words.

    So have the names of conversations, what was said before, and files with all of it.
    """
    shared = and_(theirs, messages.c.user_id != messages.c.chat_id, messages.c.role == "user")
    chats = select(messages.c.platform, messages.c.chat_id).where(shared).distinct()
    for platform, chat_id in db.execute(chats).all():
        asked = select(messages.c.id).where(
            messages.c.platform == platform,
            messages.c.chat_id == chat_id,
            messages.c.role == "user",
            messages.c.state.in_(ENDED),
            WRITTEN.startswith("/"),
        )
        for ids in in_portions(list(db.execute(asked).scalars())):
            erase_messages(db, messages.c.answers.in_(ids))


def _ledger(db: Connection, who: Forgetting) -> None:
    """Hash what ran between a question of theirs and its answer, where several share a thread.

    Also of what was taken back since. What has no answer was broken off; nobody knows when.
    """
    answer = messages.alias("answer")
    turns = (
        select(messages.c.thread_id, messages.c.created_at, func.max(answer.c.created_at))
        .outerjoin(answer, answer.c.answers == messages.c.id)
        .where(
            messages.c.platform == who.platform,
            messages.c.user_id == who.user_id,
            messages.c.created_at <= who.until,
            messages.c.role == "user",
            messages.c.thread_id.in_(select(ledger.c.thread_id)),
        )
        .group_by(messages.c.id)
    )
    for thread_id, begun, ended in db.execute(turns).all():
        during = ledger.c.begun_at.between(begun, who.until if ended is None else ended)
        ran = and_(ledger.c.thread_id == thread_id, during)
        hash_rows(db, ledger, ran, arguments=hashed, result=hashed)


def _approvals(db: Connection, who: Forgetting) -> None:
    asked = and_(approvals.c.requester == who.person, approvals.c.asked_at <= who.late)
    erase_quotes(db, asked, but=who.but)
    hash_rows(db, approvals, asked, actions=hashed_actions, verdicts=hashed_verdicts)
    db.execute(update(approvals).where(asked).values(decided_name=""))
    decided = and_(approvals.c.decided_by == who.person, approvals.c.decided_at <= who.late)
    hash_rows(db, approvals, decided, verdicts=hashed_verdicts)
    db.execute(update(approvals).where(decided).values(decided_name=""))


def _votes(db: Connection, who: Forgetting) -> None:
    about = select(approvals.c.id).where(approvals.c.requester == who.person)
    cast = or_(votes.c.voter == who.person, votes.c.approval_id.in_(about))
    hash_rows(db, votes, and_(cast, votes.c.at <= who.until), verdicts=hashed_verdicts)


def _conversations(db: Connection, who: Forgetting) -> None:
    theirs = and_(conversations.c.owner == who.person, conversations.c.created_at <= who.late)
    db.execute(delete(conversations).where(theirs))


def _people(db: Connection, who: Forgetting) -> None:
    theirs = people.c.person == who.person
    db.execute(delete(people).where(theirs, people.c.blocked_at.is_(None)))
    db.execute(update(people).where(theirs).values(zone="", streams=True))


def _usage(db: Connection, who: Forgetting) -> None:
    # Not that of the day: its limit would begin anew.
    db.execute(delete(usage).where(usage.c.person == who.person, usage.c.day < who.day))


def _reminders(db: Connection, who: Forgetting) -> None:
    theirs = and_(
        reminders.c.platform == who.platform,
        reminders.c.user_id == who.user_id,
        reminders.c.created_at <= who.late,
    )
    # One may have come in this very moment.
    said = exists().where(
        theirs,
        messages.c.platform == who.platform,
        messages.c.user_id == who.user_id,
        func.instr(messages.c.text, reminders.c.text) > 0,
    )
    erase_messages(db, and_(UNASKED, messages.c.created_at > who.until, said))
    db.execute(delete(reminders).where(theirs))


def _set_aside(db: Connection, who: Forgetting) -> None:
    named = set_aside.c.content.contains(who.user_id, autoescape=True)
    theirs = and_(set_aside.c.platform == who.platform, named, set_aside.c.at <= who.until)
    db.execute(delete(set_aside).where(theirs))


TAKEN_OUT: Mapping[Table, Callable[[Connection, Forgetting], None]] = {
    # With their files, dead letters and parts. Before the conversations, which say whose they are.
    messages: _messages,
    approvals: _approvals,
    votes: _votes,
    conversations: _conversations,
    people: _people,
    usage: _usage,
    reminders: _reminders,
    set_aside: _set_aside,
}
"""What is done to each table in which words of people, or what they chose, may stand."""

LEFT: Mapping[Table, str] = {
    ledger: "with the messages that its actions ran for",
    fingerprints: "with the messages that came with them",
    files: "with the messages that they belong to",
    parts: "with the messages that they show",
    dead_letters: "with the messages that are dead",
    pieces: "a platform's numbers, so that what is delivered again does not come alive",
    cards: "where the cards of approvals stand, until these show how they ended",
    kept_updates: "what has just arrived and is about to become a message",
    marks: "a platform's numbers: how far its chats were read",
    grants: "end with the session",
    guests: "who was let in; an operator removes them",
    changed: "numbers of messages",
    forgotten: "keyed hashes",
}
"""What is left as it is, or goes with something else, and why."""


def take_out(db: Connection, who: Forgetting) -> None:
    """Take a person's words out of every table, in the caller's transaction.

    Who asked, decided and voted, when, and the verdict stay; doing it again changes nothing.
    """
    question, answer = messages.alias("question"), messages.alias("answer")
    theirs = and_(question.c.platform == who.platform, question.c.user_id == who.user_id)
    last = db.execute(
        select(func.max(answer.c.created_at))
        .join(question, question.c.id == answer.c.answers)
        .where(theirs, question.c.created_at <= who.until, question.c.id != who.but)
    ).scalar_one()
    who = replace(who, late=max(who.until, last or 0))
    for take in TAKEN_OUT.values():
        take(db, who)
