"""Backups over HTTP: for admins, by name, and never by a path from outside."""

from pathlib import Path

from tests.web.running import running

KEYS = "shop:app:shop-secret-1,ops:admin:ops-secret-3"
OPS = {"X-API-Key": "ops-secret-3"}


async def test_an_admin_backs_up_verifies_and_sees_what_there_is(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        made = await side.client.post("/api/data/backup", headers=OPS)
        assert made.status_code == 200, made.text
        archive = made.json()["archive"]
        body = {"archive": archive}
        found = await side.client.post("/api/data/verify", json=body, headers=OPS)
        assert found.json() == made.json()
        there = (await side.client.get("/api/data/info", headers=OPS)).json()
        (listed,) = there["backups"]
        assert listed["archive"] == archive
        assert listed["verified_at"]
        assert {each["name"] for each in there["files"]} >= {"conversations.db", "sessions.csv"}
        assert (there["oldest"], there["last_restore"]) == (None, None)
        now = await side.client.get("/api/data/under-way", headers=OPS)
        assert now.json() == {"under_way": None}
        looked = await side.client.post(
            "/api/data/restore", json={**body, "dry_run": True}, headers=OPS
        )
        assert looked.json() == {
            "archive": archive,
            "changes": [],
            "agreed": False,
            "restarts": False,
        }


async def test_while_a_restore_waits_for_the_next_start_there_is_no_other(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        archive = (await side.client.post("/api/data/backup")).json()["archive"]
        body = {"archive": archive}
        agreed = await side.client.post("/api/data/restore", json=body)
        assert (agreed.status_code, agreed.json()["agreed"]) == (200, True)
        for again in (body, {**body, "dry_run": True}):
            refused = await side.client.post("/api/data/restore", json=again)
            assert refused.status_code == 409
            assert "A restore waits for the next start already." in refused.json()["detail"]
        assert (await side.client.post("/api/data/verify", json=body)).status_code == 200


async def test_the_key_of_an_app_reaches_none_of_it(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        shop = {"X-API-Key": "shop-secret-1"}
        for path in ("/api/data/info", "/api/data/under-way"):
            assert (await side.client.get(path, headers=shop)).status_code == 403
        assert (await side.client.post("/api/data/backup", headers=shop)).status_code == 403
        for path in ("/api/data/verify", "/api/data/restore"):
            answer = await side.client.post(path, json={"archive": "x"}, headers=shop)
            assert answer.status_code == 403


async def test_no_path_from_outside_is_read(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        archive = (await side.client.post("/api/data/backup", headers=OPS)).json()["archive"]
        for name in (str(tmp_path / "data" / "backups" / archive), f"../backups/{archive}", ""):
            answer = await side.client.post("/api/data/verify", json={"archive": name}, headers=OPS)
            assert answer.status_code == 404


async def test_with_a_passphrase_another_one_can_be_given(tmp_path: Path) -> None:
    async with running(tmp_path, BACKUP_PASSPHRASE="correct horse") as side:
        archive = (await side.client.post("/api/data/backup")).json()["archive"]
        assert archive.endswith(".age")
    async with running(tmp_path) as side:
        refused = await side.client.post("/api/data/verify", json={"archive": archive})
        assert refused.status_code == 422
        assert "passphrase is needed" in refused.json()["detail"]
        body = {"archive": archive, "passphrase": "correct horse"}
        assert (await side.client.post("/api/data/verify", json=body)).status_code == 200
