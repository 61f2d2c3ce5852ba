"""Commands: one function each, in one table that serves every platform."""

from bot.commands.call import Call, Entry
from bot.commands.table import TABLE, parse, text_of

__all__ = ["TABLE", "Call", "Entry", "parse", "text_of"]
