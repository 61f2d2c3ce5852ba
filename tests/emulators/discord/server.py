"""A stand-in for Discord on loopback: its API, its gateway, its files, and the people there.

    async with discord_server() as discord:
        ann = discord.user("ann")
        chat = discord.direct(ann)
        ...  # a bot connects: discord.api_url, discord.gateway_url, discord.token
        discord.say(chat, ann, "hello")
        await discord.until(lambda: "Hello, Ann." in chat.texts)

A client is sent here with `discord.http.Route.BASE = server.api_url` and
`discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from tests.emulators.discord.chat import Chat
from tests.emulators.discord.clock import Clock
from tests.emulators.discord.gateway import Gateway
from tests.emulators.discord.interactions import Interactions
from tests.emulators.discord.people import People
from tests.emulators.discord.rest import Rest
from tests.emulators.discord.rest_interactions import InteractionRoutes
from tests.emulators.discord.rest_messages import Messages
from tests.emulators.discord.traffic import Traffic
from tests.emulators.discord.trouble import Request
from tests.emulators.discord.world import User, World

API = "/api/v10"


class Discord(People):
    """Everything a test needs: people and what they do, the screen, and what goes wrong.

    `world` knows who and what is there and what the portal allows, `gateway` and `traffic` take
    orders about trouble, `interactions` has the limits of time.
    """

    def __init__(self, token: str = "MTIz.made-up.token") -> None:
        self._changes = asyncio.Event()
        self.clock = clock = Clock()
        bot = User(clock.snowflake(), "threadline", bot=True)
        owner = User(clock.snowflake(), "owner")
        world = World(clock, bot, owner, bot.id, token, users={owner.id: owner})
        self.gateway = Gateway(world, self._changes.set)
        self.traffic = Traffic(world, self._changes.set)
        chat = Chat(world, self.gateway, self._changes.set)
        super().__init__(world, chat, Interactions(chat, self._changes.set))

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def bot(self) -> User:
        return self.world.bot

    @property
    def owner(self) -> User:
        return self.world.owner

    @property
    def api_url(self) -> str:
        return self.world.address + API

    @property
    def gateway_url(self) -> str:
        return self.world.address.replace("http", "ws", 1) + "/gateway"

    @property
    def requests(self) -> list[Request]:
        """All requests to the API, in the order in which they came."""
        return self.traffic.requests

    async def until(self, condition: Callable[[], object], within: float = 15.0) -> None:
        """Wait until this holds; look after whatever happens here, and now and then besides."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    self._changes.clear()
                    with suppress(TimeoutError):  # the condition may be about other things
                        await asyncio.wait_for(self._changes.wait(), 0.05)
        except TimeoutError:
            words = f"it did not come to that; on the screen:\n{self.screen()}"
            raise AssertionError(words) from None

    async def connected(self) -> None:
        """Wait until a bot is connected to the gateway."""
        await self.until(lambda: self.gateway.connected)

    def screen(self) -> str:
        """Return all channels as they stand now, for people to read."""
        lines = []
        for channel in self.world.channels.values():
            person = channel.person.name if channel.person else ""
            lines.append(f"# {channel.name or person}")
            for one in channel.history:
                private = f" (only {one.only_for.name} sees it)" if one.only_for else ""
                buttons = f" {one.buttons}" if one.buttons else ""
                lines.append(f"{one.author.name}{private}: {one.text!r}{buttons}")
        asked = [f"{one.status} {one.method} {one.path}" for one in self.requests[-20:]]
        return "\n".join([*lines, "", *asked])


@asynccontextmanager
async def discord_server(port: int = 0) -> AsyncIterator[Discord]:
    """Serve on a free port of loopback, or on this one, until left.

    Raises at the end what it was asked for and cannot do, such as a route that it lacks.
    """
    discord = Discord()
    application = web.Application(
        middlewares=[_passing(discord.traffic)], client_max_size=64 * 2**20
    )
    messages = Messages(discord.chat)
    routes = [
        *Rest(discord.chat).routes(),
        *messages.routes(),
        *InteractionRoutes(discord.interactions).routes(),
    ]
    for one in routes:
        application.router.add_route(one.method, API + one.path, one.handler)
    application.router.add_get("/gateway", discord.gateway.serve)
    application.router.add_get("/gateway/", discord.gateway.serve)
    application.router.add_get("/attachments/{channel}/{file}/{name}", messages.download)
    application.router.add_route("*", API + "/{rest:.*}", messages.missing)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    discord.world.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield discord
    finally:
        discord.traffic.well()
        discord.gateway.open = False
        discord.gateway.cut()
        await runner.cleanup()
    if discord.traffic.broken:
        raise ExceptionGroup("the stand-in for Discord cannot do that", discord.traffic.broken)


def _passing(
    traffic: Traffic,
) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def passing(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        return await traffic.pass_on(request, handler)

    return passing
