"""What the platform is told when it is made."""

from dataclasses import dataclass, field
from datetime import timedelta

PLATFORM = "discord"


@dataclass(frozen=True, slots=True)
class DiscordOptions:
    """The token and how to serve. Empty addresses are Discord's own.

    With `threads`, speaking to the bot in a server opens a thread. What was sent longer than
    `catch_up` ago while nobody listened is not looked for.
    """

    token: str = field(repr=False)
    api_url: str = ""
    gateway_url: str = ""
    threads: bool = False
    catch_up: timedelta = timedelta(hours=24)
    max_attachment_bytes: int = 5 * 2**20
