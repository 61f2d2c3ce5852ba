"""Commands: one function each, in one table that serves every platform."""

from bot.commands.call import Call, Entry, answer_id, said
from bot.commands.table import TABLE, is_always_heard, parse, text_of

__all__ = ["TABLE", "Call", "Entry", "answer_id", "is_always_heard", "parse", "said", "text_of"]
