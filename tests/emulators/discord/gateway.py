"""The gateway: sessions that outlive their connections, and what can go wrong with both.

Opcodes, close codes and the order of things: developer documentation, "Gateway" and "Opcodes
and status codes".
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.emulators.discord.connection import Close, Connection
from tests.emulators.discord.payloads import (
    application_json,
    guild_json,
    me_json,
    member_json,
    user_json,
)
from tests.emulators.discord.permissions import PRIVILEGED, Intent
from tests.emulators.discord.world import JSON, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT = 0, 1, 2, 3, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4001, 4002, 4003, 4004
ALREADY_AUTHENTICATED, INVALID_SEQUENCE, SESSION_TIMED_OUT = 4005, 4007, 4009
INVALID_VERSION, DISALLOWED_INTENTS = 4012, 4014


@dataclass(eq=False)
class Session:
    """What one IDENTIFY began: it goes on without a connection and keeps what it misses."""

    id: str
    intents: Intent
    events: list[JSON] = field(default_factory=list)
    connection: Connection | None = None

    def tell(self, event: str, data: JSON) -> None:
        told = {"op": DISPATCH, "t": event, "s": len(self.events) + 1, "d": data}
        self.events.append(told)
        if self.connection is not None:
            self.connection.send(told)


class Gateway:
    """All sessions and connections; tests order here what goes wrong.

    `heartbeat` is the interval in seconds that clients are given, `acknowledges` whether their
    heartbeats are answered, `open` whether it can be reached, `log` every opcode that came in,
    `turned_away` how many clients came while it could not be reached.
    """

    def __init__(self, world: World, changed: Callable[[], None]) -> None:
        self.world = world
        self.heartbeat = 41.25
        self.acknowledges = True
        self.open = True
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self.log: list[JSON] = []
        self.turned_away = 0
        self._changed = changed

    # ------------------------------------------------------------------ what tests order

    @property
    def connected(self) -> bool:
        """Whether a bot has identified itself, or resumed, and is connected now."""
        return any(one.connection is not None for one in self.sessions.values())

    def count(self, opcode: int) -> int:
        """Return how often clients sent this opcode: 2 identifies, 6 resumes, 1 beats."""
        return sum(one["op"] == opcode for one in self.log)

    def reconnect(self) -> None:
        """Ask every client to come back and resume (opcode 7)."""
        self._to_all({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every client that its session is invalid (opcode 9), for good or not."""
        if not resumable:
            self.forget()
        self._to_all({"op": INVALID_SESSION, "d": resumable})

    def ask_for_heartbeat(self) -> None:
        """Ask every client for a heartbeat at once (opcode 1)."""
        self._to_all({"op": HEARTBEAT, "d": None})

    def close(self, code: int) -> None:
        """Close all connections with this code; 4009 also ends the sessions."""
        if code == SESSION_TIMED_OUT:
            self.forget()
        for one in list(self.connections):
            one.send(Close(code))

    def cut(self) -> None:
        """Let all connections end as a pulled cable does: without a word."""
        for one in list(self.connections):
            one.cut()

    def forget(self) -> None:
        """Forget the sessions: whoever resumes one must identify anew, and has missed things."""
        self.sessions.clear()

    @asynccontextmanager
    async def gone(self, *, forgetting: bool = False) -> AsyncIterator[None]:
        """Be out of reach meanwhile; with `forgetting`, nothing missed is told afterwards."""
        self.open = False
        self.cut()
        try:
            yield
        finally:
            if forgetting:
                self.forget()
            self.open = True

    def dispatch(
        self, event: str, data: JSON | Callable[[bool], JSON], needs: Intent = Intent.ALWAYS
    ) -> None:
        """Tell every session that asked for such events; `data` may depend on message content."""
        for session in self.sessions.values():
            if needs in session.intents:
                allowed = Intent.MESSAGE_CONTENT in session.intents
                session.tell(event, data(allowed) if callable(data) else data)
        self._changed()

    # ------------------------------------------------------------------ what clients do

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Speak with one client until either side has had enough."""
        if not self.open:
            self.turned_away += 1
            self._changed()
            return web.Response(status=503, text="upstream connect error")
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.connections.append(connection)
        writing = asyncio.create_task(connection.write())
        connection.send({"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat * 1000)}})
        if request.query.get("v") != "10":
            connection.send(Close(INVALID_VERSION))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(connection, message.data)
        finally:
            self._left(connection, socket.close_code)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        return socket

    def _left(self, connection: Connection, code: int | None) -> None:
        self.connections.remove(connection)
        for session in list(self.sessions.values()):
            if session.connection is connection:
                session.connection = None
                if code in (1000, 1001):  # who leaves with these is not coming back to it
                    del self.sessions[session.id]
        self._changed()

    def _take(self, connection: Connection, text: str) -> None:
        try:
            told = json.loads(text)
            opcode, data = int(told["op"]), told.get("d")
        except (ValueError, KeyError, TypeError):
            connection.send(Close(DECODE_ERROR))
            return
        self.log.append({"op": opcode, "d": data})
        session = self._session_of(connection)
        if opcode == HEARTBEAT:
            if self.acknowledges:
                connection.send({"op": HEARTBEAT_ACK})
        elif opcode == IDENTIFY:
            self._identify(connection, data)
        elif opcode == RESUME:
            self._resume(connection, data)
        elif session is None:
            connection.send(Close(NOT_AUTHENTICATED))
        elif opcode == REQUEST_MEMBERS:
            self._members(session, data)
        elif opcode != PRESENCE:
            connection.send(Close(UNKNOWN_OPCODE))
        self._changed()

    def _session_of(self, connection: Connection) -> Session | None:
        found = [one for one in self.sessions.values() if one.connection is connection]
        return found[0] if found else None

    def _identify(self, connection: Connection, data: JSON) -> None:
        intents = Intent(int(data.get("intents", 0)))
        allowed = Intent.MESSAGE_CONTENT if self.world.content_allowed else Intent.ALWAYS
        if self.world.members_allowed:
            allowed |= Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES
        if self._session_of(connection) is not None:
            connection.send(Close(ALREADY_AUTHENTICATED))
        elif data.get("token") != self.world.token:
            connection.send(Close(AUTHENTICATION_FAILED))
        elif intents & PRIVILEGED & ~allowed:
            connection.send(Close(DISALLOWED_INTENTS))
        else:
            session = Session(secrets.token_hex(16), intents, connection=connection)
            self.sessions[session.id] = session
            self._welcome(session)

    def _welcome(self, session: Session) -> None:
        world = self.world
        guilds = list(world.guilds.values())
        application = application_json(world)
        ready = {
            "v": 10,
            "user": me_json(world),
            "guilds": [{"id": str(one.id), "unavailable": True} for one in guilds],
            "private_channels": [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": world.address.replace("http", "ws", 1) + "/gateway",
            "shard": [0, 1],
            "application": {"id": application["id"], "flags": application["flags"]},
        }
        session.tell("READY", ready)
        if Intent.GUILDS in session.intents:
            for guild in guilds:
                session.tell("GUILD_CREATE", guild_json(world, guild))

    def _resume(self, connection: Connection, data: JSON) -> None:
        session = self.sessions.get(data.get("session_id") or "")
        if data.get("token") != self.world.token:
            connection.send(Close(AUTHENTICATION_FAILED))
        elif session is None or data.get("seq") is None:
            connection.send({"op": INVALID_SESSION, "d": False})
        elif data["seq"] > len(session.events):
            connection.send(Close(INVALID_SEQUENCE))
        else:
            session.connection = connection
            for told in session.events[data["seq"] :]:
                connection.send(told)
            session.tell("RESUMED", {"_trace": []})

    def _members(self, session: Session, data: JSON) -> None:
        guild = self.world.guilds[int(data["guild_id"])]
        wanted = {str(one) for one in data.get("user_ids") or []}
        query = str(data.get("query") or "").lower()
        found = [
            one
            for one in guild.members
            if (str(one.id) in wanted if wanted else one.name.lower().startswith(query))
        ]
        missing = wanted - {str(one.id) for one in found}
        chunk = {
            "guild_id": str(guild.id),
            "members": [member_json(guild, one) | {"user": user_json(one)} for one in found],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": sorted(missing),
        }
        session.tell("GUILD_MEMBERS_CHUNK", chunk | {"nonce": data.get("nonce")})

    def _to_all(self, told: JSON) -> None:
        for one in list(self.connections):
            one.send(told)
