"""The one table of commands, which serves every platform.

A command's message is a row like any other. Commands that `queue` wait for their turn in the
conversation; the others are answered at once, also while the agent works.
"""

from adapters.contract import ApprovalSettled, Command, Notice, Refused, Reply
from bot.commands import (
    deciding,
    finding,
    forgetting,
    forking,
    naming,
    past,
    reminding,
    resuming,
    settings,
    taking,
    talking,
    usage,
)
from bot.commands.call import COMMAND, Entry

UNKNOWN = Entry(Command("unknown", "Say that there is no such command"), talking.unknown)

TABLE: tuple[Entry, ...] = (
    Entry(Command("start", "Say hello and what I can do"), talking.start),
    Entry(
        Command(
            "help", "List the commands", "[command]", private=True, words="A command, such as undo"
        ),
        talking.help_,
    ),
    Entry(Command("new", "Begin a new conversation"), talking.new, queues=True),
    Entry(
        Command(
            "history",
            "Show what was said here",
            "[n]",
            private=True,
            words="How many exchanges, 1 to 20",
        ),
        past.history,
        queues=True,
    ),
    Entry(Command("undo", "Forget the last exchange"), past.undo, queues=True),
    Entry(Command("retry", "Say the last text again"), past.retry, queues=True),
    Entry(Command("clear", "Delete this conversation's words"), past.clear, queues=True),
    Entry(
        Command(
            "resume",
            "Go on with an earlier conversation",
            "[n]",
            words="The number of an earlier conversation; empty lists them",
        ),
        resuming.resume,
        queues=True,
        binds=False,
    ),
    Entry(
        Command(
            "fork",
            "Go on in a copy of this conversation",
            "[n]",
            words="The number of the last exchange to copy, as /history says; empty copies all",
        ),
        forking.fork,
        queues=True,
        binds=False,
    ),
    Entry(
        Command(
            "search",
            "Find what was said",
            "words | #tag words",
            private=True,
            words='All of them must be there; "green tea" stands together',
        ),
        finding.search,
    ),
    Entry(
        Command(
            "title",
            "Name this conversation",
            "[title]",
            private=True,
            words="The name; empty shows the one that it has",
        ),
        naming.title,
        queues=True,
    ),
    Entry(
        Command(
            "tag",
            "Tag this conversation; -tag takes it off",
            "[tag …]",
            private=True,
            words="home -work; empty lists your tags",
        ),
        naming.tag,
        queues=True,
    ),
    Entry(
        Command(
            "export",
            "Give this conversation, or all, as a file",
            "[markdown|html|json] [all]",
            private=True,
            words="markdown, html or json; all for every conversation of yours",
        ),
        taking.export,
        queues=True,
    ),
    Entry(
        Command(
            "forget",
            "Delete everything of yours",
            "[everything]",
            private=True,
            words="everything, once you are sure; empty says what would go",
        ),
        forgetting.forget,
        queues=True,
    ),
    Entry(
        Command(
            "settings",
            "Set your time zone, and streaming",
            "[zone|streaming …]",
            private=True,
            words="zone Europe/Paris, or streaming off; empty shows what is set",
        ),
        settings.settings,
        queues=True,
    ),
    Entry(
        Command(
            "remind",
            "Remind you later; list and cancel",
            "[when: what | cancel n]",
            private=True,
            words="in 10 minutes: tea, or cancel 2; empty lists what is to come",
        ),
        reminding.remind,
    ),
    Entry(Command("status", "Say what goes on here", private=True), talking.status),
    Entry(Command("stop", "Stop what is running"), talking.stop),
    Entry(Command("usage", "Say how many tokens you have used", private=True), usage.usage),
    Entry(Command("whoami", "Tell your own id", private=True), talking.whoami),
    Entry(Command("approvals", "List what waits for a decision", private=True), deciding.approvals),
    Entry(
        Command(
            "approve",
            "Let an action run",
            "[id] [session]",
            words="The id, if several are open; session lets the next of its kind run too",
        ),
        deciding.approve,
    ),
    Entry(
        Command(
            "reject",
            "Do not let an action run",
            "[id] [reason]",
            words="The id, if several are open; then why not, for the agent",
        ),
        deciding.reject,
    ),
    Entry(
        Command(
            "edit",
            "Let it run with other arguments",
            "[id] [n] {JSON}",
            words="The id and the number, if there are several; then the arguments as JSON",
        ),
        deciding.edit,
    ),
    Entry(
        Command(
            "respond",
            "Answer instead of the action",
            "[id] text",
            words="The id, if several are open; then what the agent is told as its result",
        ),
        deciding.respond,
    ),
    Entry(Command("cancel", "Withdraw what waits for a decision"), deciding.cancel),
)

ALWAYS_HEARD = frozenset({"approve", "reject", "edit", "respond", "cancel", "stop", "status"})
"""What decides or stops something is never too much, however fast somebody writes."""


def is_always_heard(text: str) -> bool:
    """Say whether a text is a command that is never refused for coming too fast."""
    entry, _ = parse(text)
    return entry is not None and entry.command.name in ALWAYS_HEARD


def parse(text: str) -> tuple[Entry | None, str]:
    """Find the command that a text is, as ``/new`` or ``/new@thisbot``; None for a plain text."""
    first, *rest = text.split(maxsplit=1) or [""]
    match = COMMAND.fullmatch(first)
    if match is None:
        return None, text
    name = match[1].lower()
    entry = next((entry for entry in TABLE if entry.command.name == name), UNKNOWN)
    return entry, "".join(rest).strip()


def text_of(reply: Reply) -> str:
    """Give what a command said, as its answer is stored."""
    match reply:
        case Notice(text) | ApprovalSettled(text=text) | Refused(text=text):
            return text
        case _:
            return ""
