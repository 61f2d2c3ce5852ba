"""Real discord.py is refused, slowed down and left alone by the stand-in, as by the real one."""

import time
from typing import Any

import aiohttp
import discord
import pytest

from tests.emulators.discord.listening_bot import ListeningBot, listening
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, User

SEND = r"/channels/\d+/messages$"


def row(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(buttons)}


def button(number: int = 0, **more: object) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": f"go:{number}", **more}


async def refusal(bot: ListeningBot, chat: Channel, **payload: object) -> discord.HTTPException:
    with pytest.raises(discord.HTTPException) as refused:
        await bot.ask_api("POST", f"/channels/{chat.id}/messages", json=payload)
    return refused.value


async def test_a_message_of_2000_characters_is_taken_and_one_more_is_not(
    server: Discord, chat: Channel
) -> None:
    async with listening(server) as bot:
        channel = bot.get_partial_messageable(chat.id)
        sent = await channel.send("x" * 2000)
        with pytest.raises(discord.HTTPException) as refused:
            await channel.send("x" * 2001)
        assert (refused.value.status, refused.value.code) == (400, 50035)
        assert "In content: Must be 2000 or fewer in length." in refused.value.text
        with pytest.raises(discord.HTTPException) as refused:
            await sent.edit(content="x" * 2001)
        assert refused.value.code == 50035
        assert len(chat.messages) == 1


async def test_an_empty_message_is_refused(server: Discord, chat: Channel) -> None:
    async with listening(server) as bot:
        assert (await refusal(bot, chat, content="")).code == 50006
        sent = await bot.get_partial_messageable(chat.id).send("something")
        with pytest.raises(discord.HTTPException) as refused:
            await sent.edit(content=None)
        assert refused.value.code == 50006


@pytest.mark.parametrize(
    ("components", "words"),
    [
        ([row(button(n)) for n in range(6)], "In components: Must be between 1 and 5"),
        ([row(*map(button, range(6)))], "In components.0.components: Must be between 1 and 5"),
        ([row(button(custom_id="x" * 101))], "custom_id: Must be between 1 and 100"),
        ([row(button(custom_id=""))], "custom_id: Must be between 1 and 100"),
        ([row(button(label="x" * 81))], "label: Must be 80 or fewer"),
        ([row(button(), button())], "Component custom id cannot be duplicated"),
    ],
)
async def test_components_over_their_limits_are_refused_with_the_place(
    server: Discord, chat: Channel, components: list[dict[str, Any]], words: str
) -> None:
    async with listening(server) as bot:
        refused = await refusal(bot, chat, content="card", components=components)
        assert refused.code == 50035
        assert words in refused.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": "x" * 46}, "In data.title: Must be between 1 and 45"),
        ({"custom_id": "x" * 101}, "In data.custom_id: Must be between 1 and 100"),
        ({"value": "x" * 4001}, "value: Must be 4000 or fewer"),
        ({"label": "x" * 46}, "label: Must be between 1 and 45"),
    ],
)
async def test_a_modal_over_its_limits_is_refused(
    server: Discord, ann: User, chat: Channel, change: dict[str, str], words: str
) -> None:
    field = {"type": 4, "style": 2, "custom_id": "why", "label": "Why"}
    modal: dict[str, Any] = {"title": "Form", "custom_id": "form"}
    modal |= {name: text for name, text in change.items() if name in modal}
    field |= {name: text for name, text in change.items() if name not in modal}
    modal["components"] = [row(field)]
    async with listening(server) as bot:
        asked = server.slash(chat, ann, "ask", text="?")
        path = f"/interactions/{asked.id}/{asked.token}/callback"
        with pytest.raises(discord.HTTPException) as refused:
            await bot.ask_api("POST", path, json={"type": 9, "data": modal})
        assert refused.value.code == 50035
        assert words in refused.value.text
        assert asked.modal is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "Ask"}, "In 0.name: Command name is invalid"),
        ({"name": "x" * 33}, "In 0.name: Command name is invalid"),
        ({"description": ""}, "In 0.description: Must be between 1 and 100"),
    ],
)
async def test_a_command_table_that_is_not_allowed_is_refused(
    server: Discord, change: dict[str, str], words: str
) -> None:
    async with listening(server) as bot:
        path = f"/applications/{server.bot.id}/commands"
        command = {"name": "ask", "description": "Ask.", "type": 1} | change
        with pytest.raises(discord.HTTPException) as refused:
            await bot.ask_api("PUT", path, json=[command])
        assert words in refused.value.text
        assert [one["name"] for one in server.world.commands] == ["ask"]


async def test_what_is_not_there_or_not_ones_own_is_refused(
    server: Discord, ann: User, chat: Channel
) -> None:
    said = server.say(chat, ann, "mine")
    async with listening(server) as bot:
        channel = bot.get_partial_messageable(chat.id)
        with pytest.raises(discord.NotFound) as gone:
            await channel.get_partial_message(1).edit(content="?")
        assert gone.value.code == 10008
        with pytest.raises(discord.Forbidden) as refused:
            await channel.get_partial_message(said.id).edit(content="yours")
        assert refused.value.code == 50005
        with pytest.raises(discord.NotFound) as gone:
            await bot.fetch_channel(1)
        assert gone.value.code == 10003
        answer = await refusal(bot, chat, content="re", message_reference={"message_id": "1"})
        assert "In message_reference: Unknown message" in answer.text


async def test_a_person_who_takes_no_direct_messages_is_not_reached(
    server: Discord, ann: User, chat: Channel
) -> None:
    ann.accepts_direct_messages = False
    async with listening(server) as bot:
        opened = await bot.create_dm(discord.Object(ann.id))
        assert opened.id == chat.id
        with pytest.raises(discord.Forbidden) as refused:
            await opened.send("hello")
        assert refused.value.code == 50007


async def test_the_same_message_with_the_same_nonce_is_there_once(
    server: Discord, chat: Channel
) -> None:
    async with listening(server) as bot:
        channel = bot.get_partial_messageable(chat.id)
        first, second = [await channel.send("once", nonce="part-1") for _ in range(2)]
        assert first.id == second.id
        assert chat.texts == ["once"]
        server.clock.advance(10 * 60)
        assert (await channel.send("once", nonce="part-1")).id != first.id


async def test_a_full_bucket_lets_the_client_wait_before_it_asks(
    server: Discord, chat: Channel
) -> None:
    server.traffic.limit("POST", SEND, count=2, per=0.3)
    async with listening(server) as bot:
        channel = bot.get_partial_messageable(chat.id)
        for number in range(5):
            await channel.send(f"{number}")
    sent = server.traffic.asked("POST", SEND)
    assert chat.texts == ["0", "1", "2", "3", "4"]
    assert {one.status for one in sent} == {200}
    assert sent[4].began - sent[0].began >= 0.5


async def test_who_asks_too_often_is_told_how_long_to_wait(server: Discord, chat: Channel) -> None:
    server.traffic.limit("POST", SEND, count=1, per=60)
    url = f"{server.api_url}/channels/{chat.id}/messages"
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(headers=headers) as client:
        statuses = []
        for _ in range(2):
            async with client.post(url, json={"content": "x"}) as response:
                statuses.append(response.status)
                assert response.headers["Content-Type"] == "application/json"
                assert response.headers["X-RateLimit-Limit"] == "1"
                assert response.headers["X-RateLimit-Remaining"] == "0"
                told = await response.json()
    assert statuses == [200, 429]
    assert 50 < told["retry_after"] <= 60
    assert told["global"] is False


async def test_more_requests_than_one_bot_may_send_are_too_many_wherever_they_go(
    server: Discord,
) -> None:
    server.traffic.limit_all(5, per=60)
    headers = {"Authorization": f"Bot {server.token}"}
    found = []
    async with aiohttp.ClientSession(headers=headers) as client:
        for number in range(6):
            chat = server.direct(server.user(f"person {number}"))
            url = f"{server.api_url}/channels/{chat.id}/messages"
            async with client.post(url, json={"content": "x"}) as response:
                found.append((response.status, (await response.json()).get("global")))
    assert found == [(200, None)] * 5 + [(429, True)]


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_429_is_waited_for_and_tried_again(
    server: Discord, chat: Channel, everywhere: bool
) -> None:
    async with listening(server) as bot:
        server.traffic.too_many(0.2, "POST", SEND, everywhere=everywhere)
        await bot.get_partial_messageable(chat.id).send("patient")
    refused, sent = server.traffic.asked("POST", SEND)
    assert (refused.status, sent.status) == (429, 200)
    assert sent.began - refused.began >= 0.2
    assert chat.texts == ["patient"]


async def test_a_ban_by_the_proxy_is_not_tried_again(server: Discord, chat: Channel) -> None:
    async with listening(server) as bot:
        server.traffic.too_many(60, "POST", SEND, banned=True)
        with pytest.raises(discord.HTTPException) as refused:
            await bot.get_partial_messageable(chat.id).send("x")
        assert refused.value.status == 429


async def test_502_is_tried_again_and_503_is_not(server: Discord, chat: Channel) -> None:
    async with listening(server) as bot:
        channel = bot.get_partial_messageable(chat.id)
        server.traffic.fail(502, "POST", SEND)
        await channel.send("again")
        server.traffic.fail(503, "POST", SEND)
        with pytest.raises(discord.DiscordServerError):
            await channel.send("given up")
    assert [one.status for one in server.traffic.asked("POST", SEND)] == [502, 200, 503]
    assert chat.texts == ["again"]


async def test_an_answer_that_is_lost_leaves_the_message_on_the_screen(
    server: Discord, chat: Channel
) -> None:
    async with listening(server) as bot:
        server.traffic.lose_answers("POST", SEND)
        with pytest.raises(aiohttp.ClientError):
            await bot.get_partial_messageable(chat.id).send("there")
    assert chat.texts == ["there"]


async def test_requests_are_noted_in_order_with_what_they_carried(
    server: Discord, chat: Channel
) -> None:
    began = time.monotonic()
    async with listening(server) as bot:
        await bot.get_partial_messageable(chat.id).send("hello")
    sent = server.traffic.asked("POST", SEND)[0]
    assert sent.body["content"] == "hello"
    assert sent.began > began
    assert [one.began for one in server.requests] == sorted(one.began for one in server.requests)
