"""The routes of messages and reactions, and the downloads of files."""

from aiohttp import web

from tests.emulators.discord.chat import Chat, Pings
from tests.emulators.discord.clock import EPOCH
from tests.emulators.discord.composing import changes, compose, may_post, may_see, refer
from tests.emulators.discord.finding import channel_of, message_of, number
from tests.emulators.discord.payloads import always_readable, message_json
from tests.emulators.discord.permissions import Permission
from tests.emulators.discord.refusals import (
    fault,
    invalid_form,
    missing_permissions,
    someone_elses_message,
    system_message,
)
from tests.emulators.discord.traffic import BODY
from tests.emulators.discord.trouble import written
from tests.emulators.discord.world import JSON, SPOKEN, Channel, Message

NO_CONTENT = 204
SAME_NONCE_FOR = 300  # seconds; "the past few minutes" in the documentation of `enforce_nonce`


class Messages:
    """What a bot does with messages outside interactions."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.world = chat.world

    def routes(self) -> list[web.RouteDef]:
        all_of_them, one = "/channels/{channel}/messages", "/channels/{channel}/messages/{message}"
        mine = one + "/reactions/{emoji}/@me"
        return [
            web.get(all_of_them, self.history),
            web.post(all_of_them, self.post),
            web.get(one, self.read),
            web.patch(one, self.edit),
            web.delete(one, self.delete),
            web.put(mine, self.react),
            web.delete(mine, self.take_back),
        ]

    async def history(self, request: web.Request) -> web.Response:
        """Return up to `limit` messages, newest first; `after` takes those right behind it."""
        channel, asked = self._seen(request), request.query
        limit = int(asked.get("limit", 50))
        if not 1 <= limit <= 100:
            words = "int value should be between 1 and 100."
            raise invalid_form({"limit": fault("NUMBER_TYPE_RANGE", words)})
        found = sorted((m for m in channel.history if not m.only_for), key=lambda one: one.id)
        if not channel.bot_may(Permission.READ_MESSAGE_HISTORY):
            found = []
        if "around" in asked:
            middle = int(asked["around"])
            earlier = [one for one in found if one.id < middle][-(limit // 2) :]
            later = [one for one in found if one.id >= middle][: limit - limit // 2]
            found = earlier + later
        elif "after" in asked:
            found = [one for one in found if one.id > int(asked["after"])][:limit]
        elif "before" in asked:
            found = [one for one in found if one.id < int(asked["before"])]
        return written([self._told(one) for one in reversed(found[-limit:])])

    async def read(self, request: web.Request) -> web.Response:
        channel = self._seen(request)
        if not channel.bot_may(Permission.READ_MESSAGE_HISTORY):
            raise missing_permissions()
        return written(self._told(message_of(channel, request)))

    async def post(self, request: web.Request) -> web.Response:
        channel, body = channel_of(self.world, request), request[BODY]
        may_post(channel, body.payload, len(body.files))
        message = compose(self.world, channel, body)
        refer(message, body.payload)
        same = self._same(channel, message.nonce)
        if same is not None and body.payload.get("enforce_nonce"):
            return written(self._told(same))
        self.chat.post(message, Pings.of(body.payload))
        return written(self._told(message))

    async def edit(self, request: web.Request) -> web.Response:
        message = message_of(self._seen(request), request)
        if message.author is not self.world.bot:
            raise someone_elses_message()
        if message.kind not in SPOKEN:
            raise system_message()
        self.chat.edit(message, **changes(self.world, message, request[BODY]))
        return written(self._told(message))

    async def delete(self, request: web.Request) -> web.Response:
        channel = self._seen(request)
        message = message_of(channel, request)
        if message.author is not self.world.bot:
            raise missing_permissions()
        self.chat.delete(message)
        return web.Response(status=NO_CONTENT)

    async def react(self, request: web.Request) -> web.Response:
        channel = self._seen(request)
        if not channel.bot_may(Permission.ADD_REACTIONS):
            raise missing_permissions()
        message = message_of(channel, request)
        self.chat.react(message, self.world.bot, request.match_info["emoji"])
        return web.Response(status=NO_CONTENT)

    async def take_back(self, request: web.Request) -> web.Response:
        message = message_of(self._seen(request), request)
        self.chat.react(message, self.world.bot, request.match_info["emoji"], add=False)
        return web.Response(status=NO_CONTENT)

    async def download(self, request: web.Request) -> web.Response:
        """Return a file, as long as its link lives; without the rules of the API."""
        channel = self.world.channels.get(number(request, "channel"))
        written = (
            [each for message in channel.history for each in message.attachments] if channel else []
        )
        wanted = request.match_info["file"]
        found = next(
            (one for one in (*written, *self.world.offered.values()) if str(one.id) == wanted), None
        )
        if found is None or int(request.query.get("ex", "0"), 16) < self.world.clock.now():
            raise web.HTTPNotFound(text="This content is no longer available.")
        kind = found.file.content_type or "application/octet-stream"
        return web.Response(body=found.file.data, headers={"Content-Type": kind})

    async def missing(self, request: web.Request) -> web.Response:
        """Say that the stand-in lacks this route; the real one may well have it."""
        raise NotImplementedError(f"{request.method} {request.path}")

    def _seen(self, request: web.Request) -> Channel:
        channel = channel_of(self.world, request)
        may_see(channel)
        return channel

    def _told(self, message: Message) -> JSON:
        """Return a message as the API does: protected words only with the portal's leave."""
        readable = self.world.content_allowed or always_readable(self.world, message)
        return message_json(self.world, message, readable=readable)

    def _same(self, channel: Channel, nonce: str) -> Message | None:
        """Return the bot's message of the last minutes with this nonce."""
        since = (self.world.clock.now() - SAME_NONCE_FOR) * 1000
        for one in reversed(channel.history if nonce else []):
            young = (one.id >> 22) + EPOCH >= since
            if one.author is self.world.bot and one.nonce == nonce and young:
                return one
        return None
