"""The routes about the bot itself, its commands, servers, channels and threads."""

from aiohttp import web

from tests.emulators.discord.chat import Chat
from tests.emulators.discord.composing import may_see
from tests.emulators.discord.finding import channel_of, guild_of, message_of, number
from tests.emulators.discord.forms import between, check_commands
from tests.emulators.discord.payloads import (
    application_json,
    channel_json,
    guild_json,
    me_json,
    member_json,
    user_json,
)
from tests.emulators.discord.permissions import Permission
from tests.emulators.discord.refusals import (
    fault,
    invalid_form,
    missing_permissions,
    unknown_member,
    unknown_user,
)
from tests.emulators.discord.traffic import BODY
from tests.emulators.discord.trouble import written
from tests.emulators.discord.world import (
    DIRECT,
    JSON,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    THREADS,
    Channel,
    User,
)

NO_CONTENT = 204


class Rest:
    """Everything but messages and interactions."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.world = chat.world

    def routes(self) -> list[web.RouteDef]:
        me = "/channels/{channel}/thread-members/@me"
        commands, of_guild = "/applications/{app}/commands", "/applications/{app}/guilds/{guild}"
        return [
            web.get("/users/@me", self.me),
            web.get("/users/@me/guilds", self.guilds),
            web.post("/users/@me/channels", self.open_direct),
            web.get("/users/{user}", self.user),
            web.get("/oauth2/applications/@me", self.application),
            web.get("/applications/@me", self.application),
            web.get("/gateway", self.gateway),
            web.get("/gateway/bot", self.gateway),
            web.get(commands, self.commands),
            web.put(commands, self.set_commands),
            web.get(of_guild + "/commands", self.guild_commands),
            web.put(of_guild + "/commands", self.set_guild_commands),
            web.get("/guilds/{guild}", self.guild),
            web.get("/guilds/{guild}/channels", self.guild_channels),
            web.get("/guilds/{guild}/members", self.members),
            web.get("/guilds/{guild}/members/{user}", self.member),
            web.get("/guilds/{guild}/threads/active", self.active_threads),
            web.get("/channels/{channel}", self.channel),
            web.patch("/channels/{channel}", self.change_channel),
            web.post("/channels/{channel}/typing", self.typing),
            web.post("/channels/{channel}/threads", self.open_thread),
            web.post("/channels/{channel}/messages/{message}/threads", self.open_thread),
            web.put(me, self.enter_thread),
            web.delete(me, self.leave_thread),
        ]

    async def me(self, request: web.Request) -> web.Response:
        return written(me_json(self.world))

    async def application(self, request: web.Request) -> web.Response:
        return written(application_json(self.world))

    async def gateway(self, request: web.Request) -> web.Response:
        start = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        url = self.world.address.replace("http", "ws", 1) + "/gateway"
        return written({"url": url, "shards": 1, "session_start_limit": start})

    async def user(self, request: web.Request) -> web.Response:
        user = self._user(number(request, "user"))
        return written(user_json(user))

    async def open_direct(self, request: web.Request) -> web.Response:
        user = self._user(int(request[BODY].payload["recipient_id"]))
        return written(channel_json(self.world, self.world.direct(user)))

    # ------------------------------------------------------------------ commands

    async def commands(self, request: web.Request) -> web.Response:
        return written(self.world.commands)

    async def set_commands(self, request: web.Request) -> web.Response:
        self.world.commands = self._named(request, None)
        return written(self.world.commands)

    async def guild_commands(self, request: web.Request) -> web.Response:
        return written(self.world.guild_commands.get(guild_of(self.world, request).id, []))

    async def set_guild_commands(self, request: web.Request) -> web.Response:
        guild = guild_of(self.world, request)
        named = self._named(request, guild.id)
        self.world.guild_commands[guild.id] = named
        return written(named)

    def _named(self, request: web.Request, guild: int | None) -> list[JSON]:
        check_commands(request[BODY].payload)
        own: JSON = {
            "application_id": str(self.world.application_id),
            "version": str(self.world.clock.snowflake()),
            "default_member_permissions": None,
            "nsfw": False,
        }
        own |= {"guild_id": str(guild)} if guild else {}
        return [
            {"type": 1, "options": []} | one | own | {"id": str(self.world.clock.snowflake())}
            for one in request[BODY].payload
        ]

    # ------------------------------------------------------------------ servers

    async def guilds(self, request: web.Request) -> web.Response:
        there = [one for one in self.world.guilds.values() if not one.left]
        shown = [guild_json(self.world, one) for one in there]
        permissions = str(int(Permission.VIEW_CHANNEL))
        names = ("id", "name", "icon", "banner", "features")
        return written(
            [
                {name: one[name] for name in names} | {"owner": False, "permissions": permissions}
                for one in shown
            ]
        )

    async def guild(self, request: web.Request) -> web.Response:
        told = guild_json(self.world, guild_of(self.world, request))
        for name in ("members", "channels", "threads", "voice_states", "presences", "joined_at"):
            del told[name]
        return written(told)

    async def guild_channels(self, request: web.Request) -> web.Response:
        return written(guild_json(self.world, guild_of(self.world, request))["channels"])

    async def members(self, request: web.Request) -> web.Response:
        guild = guild_of(self.world, request)
        if not self.world.members_allowed:
            raise missing_permissions()
        limit, after = int(request.query.get("limit", 1)), int(request.query.get("after", 0))
        found = sorted((one for one in guild.members if one.id > after), key=lambda one: one.id)
        return written([member_json(guild, one) for one in found[:limit]])

    async def member(self, request: web.Request) -> web.Response:
        guild, wanted = guild_of(self.world, request), number(request, "user")
        for one in (*guild.members, self.world.bot):
            if one.id == wanted:
                return written(member_json(guild, one))
        raise unknown_member()

    async def active_threads(self, request: web.Request) -> web.Response:
        guild = guild_of(self.world, request)
        open_now = [one for one in guild.channels if one.kind in THREADS and not one.archived]
        shown = [channel_json(self.world, one) for one in open_now]
        inside = [one["member"] for one in shown if "member" in one]
        return written({"threads": shown, "members": inside, "has_more": False})

    # ------------------------------------------------------------------ channels and threads

    async def channel(self, request: web.Request) -> web.Response:
        return written(channel_json(self.world, self._seen(request)))

    async def change_channel(self, request: web.Request) -> web.Response:
        """Rename, archive or lock a thread; the bot may do so with those that it opened."""
        channel = self._seen(request)
        mine = channel.owner_id == self.world.bot.id
        if channel.kind not in THREADS or not mine:
            raise missing_permissions()
        asked = request[BODY].payload
        channel.name = asked.get("name", channel.name)
        channel.archived = asked.get("archived", channel.archived)
        channel.locked = asked.get("locked", channel.locked)
        self.chat.tell_channel("THREAD_UPDATE", channel)
        return written(channel_json(self.world, channel))

    async def typing(self, request: web.Request) -> web.Response:
        channel = self._seen(request)
        if not channel.bot_may(Permission.SEND_MESSAGES):
            raise missing_permissions()
        self.chat.type(channel, self.world.bot)
        return web.Response(status=NO_CONTENT)

    async def open_thread(self, request: web.Request) -> web.Response:
        channel = self._seen(request)
        on = message_of(channel, request) if "message" in request.match_info else None
        asked = request[BODY].payload
        if not 1 <= len(asked.get("name") or "") <= 100:
            raise invalid_form({"name": between(1, 100)})
        if channel.kind == DIRECT or channel.kind in THREADS:
            words = "Cannot execute action on this channel type"
            raise invalid_form({"_errors": fault("INVALID_CHANNEL_TYPE", words)["_errors"]})
        kind = PUBLIC_THREAD if on else int(asked.get("type", PRIVATE_THREAD))
        public = kind == PUBLIC_THREAD
        needed = Permission.CREATE_PUBLIC_THREADS if public else Permission.CREATE_PRIVATE_THREADS
        if not channel.bot_may(needed):
            raise missing_permissions()
        thread = self.chat.open_thread(channel, asked["name"], self.world.bot, on, kind)
        return written(channel_json(self.world, thread), 201)

    async def enter_thread(self, request: web.Request) -> web.Response:
        self._seen(request).bot_inside = True
        return web.Response(status=NO_CONTENT)

    async def leave_thread(self, request: web.Request) -> web.Response:
        self._seen(request).bot_inside = False
        return web.Response(status=NO_CONTENT)

    def _seen(self, request: web.Request) -> Channel:
        channel = channel_of(self.world, request)
        may_see(channel)
        return channel

    def _user(self, wanted: int) -> User:
        if wanted == self.world.bot.id:
            return self.world.bot
        if wanted not in self.world.users:
            raise unknown_user()
        return self.world.users[wanted]
