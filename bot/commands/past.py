"""Commands about what was said here: look at it, take it back, say it again, delete it."""

from collections.abc import Sequence

from adapters.contract import Notice
from bot.clearing import clear_conversation
from bot.commands.call import Call, answer_id, clock, said, say
from bot.decisions import ENDED, Said
from sessions.models import LedgerEntry, Message
from sessions.past import Exchange

FEW, MOST = 5, 20
LONGEST = 500

NOTHING = "Nothing was said here yet. /resume lists earlier conversations."
WAITS = "Something here waits for a decision. /cancel withdraws it; then this works."
NOT_YOURS = "The last text is somebody else's. Only who said it can say it again."
CLEARED = (
    "Every word of this conversation is deleted here, and a new one begins. What its actions did, "
    "what was sent to others, notes and reminders stay."
)


async def history(call: Call) -> Said:
    """Show the last exchanges of this conversation, with times."""
    number = (call.number() or 0) if call.words else FEW
    if not 1 <= number <= MOST:
        return say(f"Write /history, or /history and a number from 1 to {MOST}.")
    session = await call.session()
    past = call.turns.conversations.past
    found = await past.exchanges(session.thread_id, said, limit=number) if session else ()
    if not found:
        return say(NOTHING, "/resume")
    zone = await call.zone()

    def line(row: Message, who: str) -> str:
        text = row.text if len(row.text) <= LONGEST else f"{row.text[:LONGEST]}…"
        return f"{clock(row.created_at, zone)} {who}: {text}"

    lines: list[str] = []
    first = await past.how_many(found[0].question.thread_id, said) - len(found) + 1
    for count, each in enumerate(found, first):
        question = each.question
        own = question.place.user_id == call.sender.user_id
        name = "you" if own else question.sender_name or question.place.user_id
        lines.append(f"{count}. {line(question, name)}")
        lines += [line(answer, call.bot_name) for answer in each.answers if answer.text]
        if question.state in ("parked", "held"):
            lines.append("(waits for a decision)")
    return say("\n".join(lines))


async def undo(call: Call) -> Said:
    """Forget the last exchange: the agent does not see it any more, and nobody finds it here."""
    return call.refused_to_others() or await _take_back(call, again=False)


async def retry(call: Call) -> Said:
    """Forget the last exchange and say its text again."""
    return call.refused_to_others() or await _take_back(call, again=True)


async def _take_back(call: Call, *, again: bool) -> Said:
    session = await call.session()
    if session is None:
        return say(NOTHING, "/resume")
    turns, past = call.turns, call.turns.conversations.past
    async with call.at_rest(session.thread_id):
        last = await _last(call, session.thread_id)
        if isinstance(last, Said):
            return last
        if again and last.question.place.user_id != call.sender.user_id:
            return say(NOT_YOURS)  # or it would stand here as the caller's
        if again and (refused := await turns.limits.may_ask(call.row)):
            return Said((refused,))  # what was answered stays
        # The agent first: after a crash in between, the exchange still stands here as the last.
        kept = await turns.runner.rewind(session.thread_id, last.question.id)
        ran = _what_ran(await turns.ledger.of_thread(session.thread_id), last, kept)
        if again:
            await past.say_again(last, said, call.row.id)
            asked = await turns.conversations.get(call.row.id)
            return Said((Notice(ran),) if ran else (), asks=asked)
        when = clock(last.question.created_at, await call.zone())
        text = "\n".join(filter(None, (f"The last exchange, of {when}, is undone.", ran)))
        answer = turns.endings.reply_row(call.row, answer_id(call.row), text)
        await past.undo(last, said, call.row.id, answer)
        return say(text)


async def _last(call: Call, thread_id: str) -> Exchange | Said:
    """Give the last exchange of a thread that is at rest, or say why there is none."""
    turns = call.turns
    now = await call.session()
    if now is None or now.thread_id != thread_id:
        return say("This conversation was resumed elsewhere just now.")
    found = await turns.conversations.past.exchanges(thread_id, said, limit=1)
    if not found:
        return say(NOTHING, "/resume")
    if (
        await turns.approvals.records.open(thread_id=thread_id)
        or found[0].question.state not in ENDED
    ):
        return say(WAITS, "/cancel")
    return found[0]


def _what_ran(entries: Sequence[LedgerEntry], exchange: Exchange, kept: frozenset[str]) -> str:
    """Name the actions of an exchange that was taken out of the agent's thread.

    What began after its answer belongs to later ones, which were taken back before.
    """
    since = exchange.question.created_at
    until = max((answer.created_at for answer in exchange.answers), default=None)
    ran = [
        f"{entry.tool} ({entry.outcome or 'outcome unknown'})"
        for entry in entries
        if entry.begun_at >= since
        and (until is None or entry.begun_at <= until)
        and entry.key.ai_message_id not in kept
    ]
    return f"Not undone, as it has run: {', '.join(ran)}." if ran else ""


async def clear(call: Call) -> Said:
    """Delete the words of this conversation everywhere; what is open in it is withdrawn."""
    refused = call.refused_to_others()
    if refused is not None:
        return refused
    if not call.row.thread_id:
        return say(NOTHING, "/resume")
    ended = await clear_conversation(
        call.turns,
        call.decisions,
        call.library,
        call.row.thread_id,
        call.row.place,
        by=call.sender.person,
        shown_in=call.sender,
        command=call.row,
    )
    return Said((*ended, Notice(CLEARED)))
