"""Writing exports over HTTP, fetching them, and taking them in."""

import asyncio
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx

from tests.data import damage
from tests.web.running import running

KEYS = "shop:app:shop-secret-1,ops:admin:ops-secret-3"
SHOP = {"X-API-Key": "shop-secret-1"}


async def test_an_export_is_written_listed_fetched_and_taken_in(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("Hello")
        post, get = side.client.post, side.client.get
        written = (
            await post("/api/data/export", json={"scope": "person", "of": "api:test_123"})
        ).json()
        assert written["rows"]["messages"] == 2
        (listed,) = (await get("/api/data/exports")).json()["items"]
        assert (listed["name"], listed["bytes"]) == (written["name"], written["bytes"])
        fetched = await get(f"/api/data/exports/{written['name']}")
        assert fetched.headers["content-type"] == "application/zip"
        assert "manifest.json" in ZipFile(BytesIO(fetched.content)).namelist()
        body = {"file": written["name"], "dry_run": True}
        looked = (await post("/api/data/import", json=body)).json()
        assert (looked["of"], looked["added"]) == ("api:test_123", {})
        done = (await post("/api/data/import", json={"file": written["name"]})).json()
        assert not any(done["added"].values())


async def test_no_other_file_of_the_machine_is_given_out_or_read(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("Hello")
        for name in ("../conversations.db", "..%2Fconversations.db", "none.zip", ".zip"):
            assert (await side.client.get(f"/api/data/exports/{name}")).status_code == 404
        secret = tmp_path / "secret.zip"
        await asyncio.to_thread(secret.write_bytes, b"x")
        for name in (str(secret), "../../secret.zip", "secret"):
            refused = await side.client.post("/api/data/import", json={"file": name})
            assert refused.status_code == 404, name
        missing = await side.client.post("/api/data/import", json={"file": "none.zip"})
        assert missing.status_code == 404
        transport = httpx.AsyncHTTPTransport(uds=str(side.control))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as operator:
            found = await operator.post("/api/data/import", json={"file": str(secret)})
        assert (found.status_code, "is no ZIP" in found.json()["detail"]) == (422, True)


async def test_an_export_says_of_whom_it_is(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("note: milk")
        for body in ({"scope": "person"}, {"scope": "session"}, {"of": "api:test_123"}):
            refused = await side.client.post("/api/data/export", json=body)
            assert (refused.status_code, "Say of whom" in refused.json()["detail"]) == (422, True)
        assert (await side.client.get("/api/data/exports")).json()["items"] == []


async def test_exports_are_for_admins_alone(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        for path in (
            "/api/data/export",
            "/api/data/import",
            "/api/data/cleanup",
            "/api/data/repair",
        ):
            assert (await side.client.post(path, json={})).status_code == 401
            assert (await side.client.post(path, json={}, headers=SHOP)).status_code == 403
        for path in ("/api/data/exports", "/api/data/exports/a.zip"):
            assert (await side.client.get(path, headers=SHOP)).status_code == 403


async def test_how_far_it_is_is_said_while_it_is_looked(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("Hello")
        by_hand = tmp_path / "data" / "conversations.db"
        await asyncio.to_thread(damage.by_hand, by_hand, "UPDATE messages SET text = 'hullo'")
        looking = asyncio.create_task(side.client.get("/api/data/integrity"))
        seen = []
        while not looking.done():
            now = (await side.client.get("/api/data/under-way")).json()["under_way"]
            seen.append(now["what"] if now else None)
        assert "integrity" in seen
        assert {each["rule"] for each in (await looking).json()["findings"]} >= {
            "as it was written"
        }
        done = (await side.client.post("/api/data/repair", json={"accept": True})).json()
        assert (done["mended"], done["left"]["findings"]) == (2, [])
        refused = await side.client.post("/api/data/repair", json={"all": True})
        assert refused.status_code == 422
