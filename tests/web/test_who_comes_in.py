"""Keys, and what protects the operator of a machine that has none."""

import httpx
import pytest

from adapters.api import StoredApproval, StoredMessage
from adapters.contract import Address, Answer, ApprovalSettled, Decision, IncomingMessage, Reply
from bot.errors import StartError
from bot.web.options import ApiKey, WebOptions
from tests.web.scripted import NOW, Side, request_for, served

KEYS = (
    ApiKey("shop", "app", "shop-secret"),
    ApiKey("desk", "app", "desk-secret"),
    ApiKey("ops", "admin", "ops-sécret"),
)
WITH_KEYS = WebOptions(port=0, keys=KEYS, stop_seconds=1)
SHOP = {"Authorization": "Bearer shop-secret"}
DESK = {"X-API-Key": "desk-secret"}
OPS = httpx.Headers([(b"Authorization", "Bearer ops-sécret".encode())])
Headers = httpx.Headers | dict[str, str]
CUSTOMER = Address("api", "shop/test_123", "shop/test_123")


def script(inbound: IncomingMessage | Decision) -> list[Reply]:
    if isinstance(inbound, Decision):
        by = inbound.sender.person
        return [ApprovalSettled(inbound.approval_id, "approved", by, NOW, "Approved.")]
    return [Answer("a1", "Yes")]


async def say(side: Side, headers: Headers) -> httpx.Response:
    body = {"user_id": "test_123", "message": "Hi"}
    return await side.client.post("/api/chat", json=body, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic shop-secret"},
        httpx.Headers([(b"Authorization", b"Bearer \xff\xfe")]),
        {"X-API-Key": ""},
        {"X-API-Key": "shop"},
        {"Authorization": "Bearer shop-secret", "X-API-Key": "ops-secret"},
    ],
)
async def test_without_a_right_key_nobody_comes_in(headers: Headers) -> None:
    async with served(script, WITH_KEYS) as side:
        response = await say(side, headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert response.headers["content-type"] == "application/problem+json"
        assert (await side.client.get("/nothing")).status_code == 401
        assert side.bot.inbound == []


async def test_a_key_speaks_for_the_people_whom_it_names() -> None:
    async with served(script, WITH_KEYS) as side:
        for headers in (SHOP, DESK, OPS):
            assert (await say(side, headers)).status_code == 200
        people = [inbound.sender.person for inbound in side.bot.inbound]
        assert people == ["api:shop/test_123", "api:desk/test_123", "api:ops/test_123"]


async def test_an_app_sees_and_decides_only_what_its_own_people_asked() -> None:
    async with served(script, WITH_KEYS) as side:
        side.kept.approvals["abc123"] = StoredApproval("abc123", CUSTOMER, "s1", "t1", "m1")
        side.kept.messages["m1"] = StoredMessage("m1", CUSTOMER, "user", "Hi", "parked", NOW, 1)
        body = {"decision": "approve"}
        decide = "/api/approvals/abc123"
        assert (await side.client.post(decide, json=body, headers=DESK)).status_code == 404
        assert (await side.client.get("/api/messages/m1", headers=DESK)).status_code == 404
        assert (await side.client.get("/api/messages/m1", headers=SHOP)).status_code == 200
        assert (await side.client.get("/api/messages/m1", headers=OPS)).status_code == 200
        assert side.bot.inbound == []
        mine = await side.client.post(decide, json=body, headers=SHOP)
        assert mine.json()["by"] == "api:shop/test_123"


async def test_an_app_does_not_see_another_whose_name_only_begins_like_its_own() -> None:
    keys = (ApiKey("shop", "app", "one"), ApiKey("shopper", "app", "two"))
    async with served(script, WebOptions(port=0, keys=keys, stop_seconds=1)) as side:
        other = Address("api", "shopper/x", "shopper/x")
        side.kept.messages["m1"] = StoredMessage("m1", other, "user", "Hi", "parked", NOW, 1)
        response = await side.client.get("/api/messages/m1", headers={"X-API-Key": "one"})
        assert response.status_code == 404


async def test_an_admin_key_decides_as_itself() -> None:
    async with served(script, WITH_KEYS) as side:
        telegram = Address("telegram", "1", "1")
        side.kept.approvals["abc123"] = StoredApproval("abc123", telegram, "s1", "t1", "m1")
        response = await side.client.post(
            "/api/approvals/abc123",
            json={"decision": "approve"},
            headers=OPS,
        )
        assert response.json()["by"] == "api:ops"


async def test_documents_and_health_need_no_key() -> None:
    async with served(script, WITH_KEYS) as side:
        for path in ("/docs", "/openapi.json"):
            assert (await side.client.get(path)).status_code == 200
        document = (await side.client.get("/openapi.json")).json()
        assert document["components"]["securitySchemes"].keys() == {"bearer", "key"}


async def test_without_keys_only_names_of_this_machine_are_answered() -> None:
    options = WebOptions(port=0, allowed_hosts=("bot.example.org",), stop_seconds=1)
    async with served(script, options) as side:
        for host in ("localhost", f"localhost:{side.port}", "127.0.0.1", "[::1]:80", "127.9.9.9"):
            assert (await say(side, {"Host": host})).status_code == 200, host
        for host in ("bot.example.org", "BOT.example.org:443"):
            assert (await say(side, {"Host": host})).status_code == 200, host
        for host in (
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "10.0.0.1",
        ):
            response = await say(side, {"Host": host})
            assert response.status_code == 403, host
            assert "ALLOWED_HOSTS" in response.json()["detail"]


async def test_without_keys_pages_from_elsewhere_are_refused() -> None:
    async with served(script) as side:
        own = f"http://127.0.0.1:{side.port}"
        assert (await say(side, {"Origin": own})).status_code == 200
        assert (await say(side, {"Sec-Fetch-Site": "same-origin"})).status_code == 200
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://localhost:{side.port + 1}"},
            {"Origin": "http://127.0.0.1"},
            {"Origin": "http://[::1"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        ):
            response = await say(side, headers)
            assert response.status_code == 403, headers
            assert response.headers["content-type"] == "application/problem+json"
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert (await side.client.get("/docs", headers=link)).status_code == 200


async def test_without_keys_a_person_has_the_id_that_was_given() -> None:
    async with served(script) as side:
        await side.say(user_id="test_123")
        (inbound,) = side.bot.inbound
        assert inbound.sender == Address("api", "test_123", "test_123")


async def test_a_host_that_others_reach_is_not_served_without_keys() -> None:
    for host in ("0.0.0.0", "::", "", "10.1.2.3"):
        with pytest.raises(StartError, match="API_KEYS"):
            async with served(script, WebOptions(host=host, port=0)):
                pass


async def test_with_keys_any_host_is_served() -> None:
    async with served(
        script, WebOptions(host="0.0.0.0", port=0, keys=KEYS, stop_seconds=1)
    ) as side:
        response = await say(side, {**SHOP, "Host": "anything.example"})
        assert response.status_code == 200


async def test_held_approvals_are_shown_to_their_own_app() -> None:
    async with served(script, WITH_KEYS) as side:
        side.kept.messages["m1"] = StoredMessage(
            "m1", CUSTOMER, "user", "Hi", "parked", NOW, 1, session_id="s1"
        )
        side.kept.open["s1"] = [request_for()]
        body = (await side.client.get("/api/messages/m1", headers=SHOP)).json()
        assert body["user_id"] == "test_123"
        assert body["pending_approval"]["id"] == "abc123"
