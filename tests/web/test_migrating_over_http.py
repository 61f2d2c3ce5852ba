"""Bringing in over HTTP: names in data/incoming alone, for admins alone."""

import asyncio
from pathlib import Path

import httpx

from tests.migrating.old_bots import BEGAN, conversations_db, folder_of_sessions
from tests.web.running import running

KEYS = "shop:app:shop-secret-1,ops:admin:ops-secret-3"
SHOP = {"X-API-Key": "shop-secret-1"}
OPS = {"X-API-Key": "ops-secret-3"}


async def test_a_client_brings_in_goes_on_with_it_and_takes_it_out_again(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        incoming = tmp_path / "data" / "incoming"
        await asyncio.to_thread(conversations_db, incoming / "old.db")
        post, get = side.client.post, side.client.get
        body = {"path": "old.db", "person": "api:test_123"}
        looked = (await post("/api/data/migrate", json={**body, "dry_run": True})).json()
        assert (looked["messages"], looked["people"]) == (4, {"api:test_123": 2})
        assert (await get("/api/data/migrations")).json()["items"] == []
        done = (await post("/api/data/migrate", json=body)).json()
        assert (done["state"], done["verified"], done["messages"]) == ("done", True, 4)
        assert done["backup"].endswith("before-migrate.tar.gz")
        tagged = (await get("/api/conversations?tag=brought-in")).json()["items"]
        assert [each["owner"] for each in tagged] == ["api:test_123"] * 2
        hits = (await get("/api/search", params={"q": "topic1", "person": "api:test_123"})).json()
        assert {each["at"][:4] for each in hits["items"]} == {str(BEGAN.year)}
        resumed = (await side.say("/resume 1")).json()
        assert "This goes on with" in str(resumed)
        assert "topic1" in str((await side.say("/history 5")).json())
        url = f"/api/data/migrations/{done['id']}/undo"
        undone = (await post(url)).json()
        assert (undone["conversations"], len(undone["kept"])) == (1, 1)
        assert (await get("/api/data/migrations")).json()["items"][0]["state"] == "undone"
        assert (await post("/api/data/migrations/20200101T000000Z/undo")).status_code == 404


async def test_nothing_else_of_the_machine_is_read(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        incoming = tmp_path / "data" / "incoming"
        outside = await asyncio.to_thread(folder_of_sessions, tmp_path / "outside")
        await asyncio.to_thread(folder_of_sessions, incoming / "sessions")
        await asyncio.to_thread((incoming / "link").symlink_to, outside)
        await asyncio.to_thread((incoming / "sessions" / "inside.json").symlink_to, outside)
        for path in (str(outside), "../../outside", "link", "none", ".", "..", "", "a/b", "a\0b"):
            body = {"path": path, "person": "api:test_123"}
            refused = await side.client.post("/api/data/migrate", json=body)
            assert refused.status_code in {404, 422}, path
        look = {"path": "sessions", "person": "api:test_123", "dry_run": True}
        looked = (await side.client.post("/api/data/migrate", json=look)).json()
        assert (looked["conversations"], "It is a link" in str(looked["left_out"])) == (2, True)
        nobody = await side.client.post("/api/data/migrate", json={"path": "sessions"})
        assert (nobody.status_code, "Nobody is named" in nobody.json()["detail"]) == (422, True)
        transport = httpx.AsyncHTTPTransport(uds=str(side.control))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as operator:
            look["path"] = str(outside)
            assert (await operator.post("/api/data/migrate", json=look)).status_code == 200


async def test_bringing_in_is_for_admins_alone(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        for path in ("/api/data/migrate", "/api/data/migrations/20200101T000000Z/undo"):
            body = {"path": "old.db"}
            assert (await side.client.post(path, json=body)).status_code == 401
            assert (await side.client.post(path, json=body, headers=SHOP)).status_code == 403
            assert (await side.client.post(path, json=body, headers=OPS)).status_code == 404
        assert (await side.client.get("/api/data/migrations", headers=SHOP)).status_code == 403
