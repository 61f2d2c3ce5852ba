"""A bot that asks before it acts, for tests of its cards."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from adapters.contract import Action, ApprovalRequest, ApprovalSettled, IncomingMessage, Reply
from tests.adapters.receiving import MemoryReception
from tests.adapters.telegram.side import Bot, Inbound, Side

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(hours=1)
MAIL = Action("send_mail", {"to": "bea", "text": "5 o'clock\nfine?", "copies": 2})
ONE = ApprovalRequest("k7m2xw4hq9tbnd", (MAIL,), LATER)
TWO = ApprovalRequest("p2p2p2p2p2p2p2", (MAIL, Action("pay", {"euros": 3})), LATER, "admins")
DONE = ApprovalSettled(
    ONE.approval_id, "approved", "telegram:1", NOW, "Approved by telegram:1: send_mail"
)


def asking(inbound: Inbound) -> Sequence[Reply]:
    """Ask with one card or another; every decision is taken."""
    if isinstance(inbound, IncomingMessage):
        return (TWO if "two" in inbound.text else ONE,)
    return (DONE,)


def card_bot() -> Bot:
    """Make a bot that asks first."""
    return Bot(asking)


async def asked(side: Side, text: str = "ask") -> None:
    """Let Ann ask, and wait for the card."""
    side.ann.say(text)
    await side.said()


def reception() -> MemoryReception:
    """Make a reception that knows its cards."""
    return MemoryReception(ONE, TWO)
