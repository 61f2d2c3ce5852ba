"""Commands about the conversation itself: begin, look, stop."""

from adapters.contract import Notice, Reply
from bot.addresses import session_key
from bot.commands.call import Call, clock, line, say
from bot.commands.leaving import settled
from bot.decisions import Said

OTHERS_WAIT = (
    "Something that somebody else asked for waits for a decision here. Who asked, or an admin, "
    "may withdraw it with /cancel; then a new conversation can begin."
)


async def start(call: Call) -> Said:
    """Greet, and say what asks first."""
    return say(
        f"Hello, I am {call.bot_name}. Just write to me.\n"
        "I can chat, tell the time, keep notes, and remind you: in 10 minutes, every Monday.\n"
        "Whatever could do harm asks first: you will see what would run, and decide.",
        "/help",
        "/new",
        "/status",
        "/approvals",
        "/settings",
    )


async def help_(call: Call) -> Said:
    """List the commands, or say what one of them does."""
    wanted = call.words.removeprefix("/").lower()
    lines = [f"/{c.name}{' ' + c.usage if c.usage else ''} - {c.summary}" for c in call.commands]
    found = [line for c, line in zip(call.commands, lines, strict=True) if c.name == wanted]
    return say("\n".join(found or lines))


async def new(call: Call) -> Said:
    """Begin a new conversation; what is open in the old one is withdrawn."""
    session = await call.session()
    withdrawn: tuple[Reply, ...] = ()
    # After a crash the conversation that this was said in may have been left already.
    if session is not None and session.thread_id == call.row.thread_id:
        if not all(map(call.may_withdraw, await call.open())):
            return say(OTHERS_WAIT)
        async with settled(call, session.thread_id) as withdrawn:
            await call.turns.sessions.leave(session.session_id, session.thread_id)
        await call.turns.approvals.records.drop_grants(session.session_id)
    return Said((*withdrawn, Notice("A new conversation begins. The earlier one is kept.")))


async def status(call: Call) -> Said:
    """Say what goes on in this conversation."""
    session = await call.session()
    if session is None:
        return say("There is no session here yet. Write something and one begins.")
    key = session_key(call.sender, call.turns.groups)
    running, zone = call.turns.is_running(session.thread_id), await call.zone()
    waiting = call.turns.lanes.waiting(key)
    waits = "1 message waits" if waiting == 1 else f"{waiting} messages wait"
    lines = [
        f"Session {session.session_id}, since {clock(session.created_at, zone)}.",
        f"Conversation {session.thread_id}.",
        f"{'Working' if running else 'Idle'}; {waits}.",
    ]
    lines += [f"Waits for a decision: {line(record, zone)}" for record in await call.open()]
    return say("\n".join(lines))


async def stop(call: Call) -> Said:
    """Stop the running turn; a begun action ends first."""
    session = await call.session()
    if session is not None and call.turns.stop(session.thread_id):
        return say("Stopping. An action that has begun ends first; what was written is kept.")
    return say("Nothing is running.")


async def whoami(call: Call) -> Said:
    """Tell the caller's own id, as ADMINS and send_message take it."""
    admin = call.turns.approvals.deciders.is_admin(call.sender.person)
    return say(f"You are {call.sender.person}.{' You are an admin.' if admin else ''}")


async def unknown(call: Call) -> Said:  # noqa: ARG001 - every command has this shape
    """Say that there is no such command."""
    return say("There is no such command. /help lists what there is.", "/help")
