"""What can go wrong in the trunk, grouped by what the one who catches it can do.

ThreadlineError
├── StartError          stops the start; the sentence says what to change
├── AgentFailed         this turn failed; the sentence may be shown to the person
├── MisshapenVerdict    a decision does not fit what was asked; nothing was stored
├── InterruptGone       what was to be decided is not open any more
├── NoReminder          a reminder is not kept; the sentence says why
└── NoBackup            what cannot be undone was not begun, as there is no backup before it
"""


class ThreadlineError(Exception):
    """Something that Threadline foresaw; its text is a sentence for a person."""


class StartError(ThreadlineError):
    """The bot cannot start like this."""


class AgentFailed(ThreadlineError):
    """The agent could not finish a turn. The text holds no trace and no words of anyone."""


class MisshapenVerdict(ThreadlineError):
    """A decision does not fit what was asked: count, kind or arguments."""


class InterruptGone(ThreadlineError):
    """The interrupt that was to be resumed is not open in the thread."""


class NoReminder(ThreadlineError):
    """A reminder cannot be kept: its time is not clear or over, it says nothing, or is too much."""


class NoBackup(ThreadlineError):
    """No backup could be made before something that cannot be undone, so that was not begun."""
