"""Dead letters that somebody wants to be tried again."""

from adapters.contract import Address
from bot.addresses import address_of, session_key
from bot.bot import Bot
from bot.errors import ThreadlineError
from sessions.dead_letters import DeadLetter
from sessions.models import Message


class GoneOn(ThreadlineError):
    """Its conversation has gone on, and the agent has seen it there."""


async def try_again(bot: Bot, letter: DeadLetter) -> bool:
    """Begin again with a message, a person's or the bot's; False if it is no dead letter any more.

    Raises:
        GoneOn: what follows it in the thread answers it already, as far as the agent knows.
    """
    row = letter.message
    to = address_of(row.place)
    if row.role == "assistant":
        if not await bot.conversations.dead.revive(row.id):
            return False
        bot.turns.outbox.wake(to)
        return True
    known = await _is_known_to_the_agent(bot, row)
    if known and await bot.conversations.dead.is_followed(row.id):
        raise GoneOn(
            "Its conversation has gone on since, and the agent has seen this message there. "
            "It cannot be tried again; drop it."
        )
    if not await bot.conversations.dead.revive(row.id):
        return False
    again = await bot.conversations.get(row.id)
    if again is None:
        return False
    if known:
        _pick_up(bot, again, to)
    else:
        bot.begin(again, bot.turns.pushed(row.place, row.id), recovered=True)
    return True


async def _is_known_to_the_agent(bot: Bot, row: Message) -> bool:
    if not row.thread_id:
        return False
    return row.id in (await bot.turns.runner.look(row.thread_id)).human_ids


def _pick_up(bot: Bot, row: Message, to: Address) -> None:
    async def pick_up() -> None:
        await bot.turns.pick_up(row)

    lane = session_key(to, bot.turns.groups)
    bot.turns.lanes.add(lane, pick_up, lambda: None, unbounded=True)
