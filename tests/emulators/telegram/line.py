"""Methods by which the bot takes its updates: polling and webhook."""

import re
from urllib.parse import urlsplit

from tests.emulators.telegram.calls import Call
from tests.emulators.telegram.refusals import Json, bad_request, conflict
from tests.emulators.telegram.webhook import Webhook
from tests.emulators.telegram.world import World

SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
MOST_UPDATES = 100
LONGEST_POLL = 50
MOST_CONNECTIONS = 100


class Line:
    """Gives updates to whoever polls, or posts them to the webhook."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.webhook: Webhook | None = None

    async def get_updates(self, call: Call) -> list[Json]:
        """What waits, from an offset on."""
        limit = call.number("limit", MOST_UPDATES)
        return await self._world.updates.get(
            call.number("offset", 0),
            max(1, min(limit, MOST_UPDATES)),
            min(float(call.text("timeout", "0")), LONGEST_POLL),
            call.array("allowed_updates"),
        )

    async def set_webhook(self, call: Call) -> bool:
        """Post updates to this address from now on; an empty one takes the webhook away."""
        url = call.text("url")
        if not url:
            return await self.delete_webhook(call)
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise bad_request("bad webhook: invalid webhook URL specified")
        if not SECRET.fullmatch(call.text("secret_token")):
            raise bad_request("secret token contains unallowed characters")
        most = call.number("max_connections", 40)
        if not 1 <= most <= MOST_CONNECTIONS:
            raise bad_request("max_connections is out of range")
        allowed = call.array("allowed_updates")
        if allowed is not None:
            self._world.updates.allowed = tuple(allowed)
        await self._drop(call)
        self._world.updates.stop_polling(conflict("terminated by setWebhook request"))
        self.webhook = Webhook(
            self._world.updates, url, call.text("secret_token"), most, self._world.clock
        )
        self._world.watch.changed()
        return True

    async def delete_webhook(self, call: Call) -> bool:
        """Keep updates for getUpdates from now on."""
        await self._drop(call)
        self._world.watch.changed()
        return True

    def get_webhook_info(self, call: Call) -> Json:
        """How the webhook is doing."""
        if self.webhook is not None:
            return self.webhook.json()
        waiting = len(self._world.updates.pending)
        return {"url": "", "has_custom_certificate": False, "pending_update_count": waiting}

    async def close(self) -> None:
        """Stop posting."""
        if self.webhook is not None:
            await self.webhook.close()
            self.webhook = None

    async def _drop(self, call: Call) -> None:
        await self.close()
        if call.flag("drop_pending_updates"):
            self._world.updates.forget()
