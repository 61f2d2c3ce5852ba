"""The routes with which a bot answers an interaction, and follows up."""

from aiohttp import web

from tests.emulators.discord.finding import number
from tests.emulators.discord.interactions import Interaction, Interactions
from tests.emulators.discord.payloads import message_json
from tests.emulators.discord.traffic import BODY
from tests.emulators.discord.trouble import written

NO_CONTENT = 204


class InteractionRoutes:
    """None of them asks for the bot's token: the interaction's own is in the path."""

    def __init__(self, interactions: Interactions) -> None:
        self.interactions = interactions

    def routes(self) -> list[web.RouteDef]:
        hook = "/webhooks/{webhook}/{token}"
        one = hook + "/messages/{message}"
        return [
            web.post("/interactions/{webhook}/{token}/callback", self.answer),
            web.post(hook, self.follow_up),
            web.get(one, self.read),
            web.patch(one, self.change),
            web.delete(one, self.delete),
        ]

    async def answer(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        outcome = self.interactions.answer(number(request, "webhook"), token, request[BODY])
        if request.query.get("with_response") not in ("1", "true"):
            return web.Response(status=NO_CONTENT)
        return written(outcome)

    async def follow_up(self, request: web.Request) -> web.Response:
        message = self.interactions.follow_up(self._followed(request), request[BODY])
        return written(message_json(self.interactions.world, message))

    async def read(self, request: web.Request) -> web.Response:
        message = self.interactions.find(self._followed(request), request.match_info["message"])
        return written(message_json(self.interactions.world, message))

    async def change(self, request: web.Request) -> web.Response:
        which = request.match_info["message"]
        message = self.interactions.change(self._followed(request), which, request[BODY])
        return written(message_json(self.interactions.world, message))

    async def delete(self, request: web.Request) -> web.Response:
        message = self.interactions.find(self._followed(request), request.match_info["message"])
        self.interactions.chat.delete(message)
        return web.Response(status=NO_CONTENT)

    def _followed(self, request: web.Request) -> Interaction:
        return self.interactions.followed(number(request, "webhook"), request.match_info["token"])
