"""What goes wrong on purpose: delays, errors, dropped connections, bans, flood control.

The limits of flood control are those that Telegram's FAQ for bots names: about one message a second
in a chat, with short bursts, and 20 a minute in a group. How large a burst is and how a ban grows
is not written down; here a burst is five, and each request during a ban makes it longer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.emulators.telegram.refusals import Json, Refused, too_many

BURST = 5
GROUP_A_MINUTE = 20
COUNTED = (
    "sendmessage", "senddocument", "sendphoto", "editmessagetext", "editmessagereplymarkup",
)  # fmt: skip
BANNED = (*COUNTED, "sendmessagedraft", "sendchataction", "deletemessage", "setmessagereaction")
"""What a ban stops. Answers to taps and getUpdates go on."""


@dataclass
class Fault:
    """Something that goes wrong with the next `times` requests of a method."""

    method: str
    times: int
    refusal: Refused | None = None
    html: int = 0
    seconds: float = 0.0
    drop: bool = False
    after_effect: bool = False


class Faults:
    """What was asked to go wrong, in order."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def refuse(self, method: str, refusal: Refused, *, times: int = 1) -> None:
        """Answer with an error, without effect."""
        self._waiting.append(Fault(method, times, refusal=refusal))

    def break_down(self, method: str, code: int = 500, *, times: int = 1) -> None:
        """Answer as a broken server does: 500 as JSON, 502 as a page of the proxy before it."""
        if code == 500:
            broken = Refused(500, "Internal Server Error")
            self._waiting.append(Fault(method, times, refusal=broken))
        else:
            self._waiting.append(Fault(method, times, html=code))

    def too_many(self, method: str, retry_after: int = 1, *, times: int = 1) -> None:
        """Answer 429."""
        self.refuse(method, too_many(retry_after), times=times)

    def delay(
        self, method: str, seconds: float, *, times: int = 1, after_effect: bool = True
    ) -> None:
        """Answer late; it has taken effect at once, or with `after_effect=False` late as well."""
        self._waiting.append(Fault(method, times, seconds=seconds, after_effect=after_effect))

    def drop(self, method: str, *, times: int = 1, after_effect: bool = False) -> None:
        """Close the connection without an answer, before or after the request took effect."""
        self._waiting.append(Fault(method, times, drop=True, after_effect=after_effect))

    def take(self, method: str) -> Fault | None:
        """Return what goes wrong with this request."""
        for fault in self._waiting:
            if fault.method.lower() in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    @property
    def left(self) -> int:
        """How many requests will yet go wrong."""
        return sum(fault.times for fault in self._waiting)


class Flood:
    """Bans, and the limits that lead to them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[int | None, float] = {}
        self._sent: dict[int, list[float]] = {}
        self.limits = False
        self.grows_by = 5.0
        self.refused: list[Json] = []

    def ban(self, seconds: float, chat_id: int | None = None) -> None:
        """Refuse what is sent in a chat, or anywhere, for this long."""
        self._until[chat_id] = self._clock() + seconds

    def ends_in(self, chat_id: int | None = None) -> float:
        """Return how many seconds a ban still lasts; 0 if there is none."""
        return max(0.0, self._until.get(chat_id, 0.0) - self._clock())

    def check(self, method: str, chat_id: int) -> None:
        """Let a request pass.

        Raises:
            Refused: A ban holds, and is longer now; or there were too many messages.
        """
        if method not in BANNED:
            return
        for scope in (None, chat_id):
            if left := self.ends_in(scope):
                self._until[scope] += self.grows_by
                self._refuse(method, chat_id, left)
        if self.limits and method in COUNTED:
            self._count(method, chat_id)

    def _count(self, method: str, chat_id: int) -> None:
        now = self._clock()
        minute = [at for at in self._sent.get(chat_id, ()) if at > now - 60]
        recent = [at for at in minute if at > now - BURST]
        if chat_id < 0 and len(minute) >= GROUP_A_MINUTE:
            self.ban(minute[0] + 60 - now, chat_id)
            self._refuse(method, chat_id, minute[0] + 60 - now)
        if len(recent) >= BURST:
            self.ban(recent[0] + BURST - now, chat_id)
            self._refuse(method, chat_id, recent[0] + BURST - now)
        self._sent[chat_id] = [*minute, now]

    def _refuse(self, method: str, chat_id: int, seconds: float) -> None:
        self.refused.append({"method": method, "chat_id": chat_id, "at": self._clock()})
        raise too_many(max(1, math.ceil(seconds)))
