"""What those who run the bot read of it: figures, statistics, and which part does not work."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from adapters.memory import MemoryAdapter
from bot.checks import LONGEST_ON_THE_WAY, checking_disk, checking_outbox
from tests.web.running import Side, running

KEYS = "shop:app:shop-secret-1,ops:admin:ops-secret-3"
SHOP = {"X-API-Key": "shop-secret-1"}
OPS = {"X-API-Key": "ops-secret-3"}
ADDRESSES = (
    "/metrics",
    "/api/stats",
    "/api/people/blocked",
    "/api/dead-letters",
    "/api/data/integrity",
    "/api/data/cleanup",
)


async def figures(side: Side) -> dict[str, float]:
    response = await side.client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {
        "/".join((sample.name.removeprefix("threadline_"), *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_the_figures_say_what_has_happened_and_what_waits(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        before = await figures(side)
        assert before["turns_total/answered"] == 0
        await side.say("Hello")
        await side.say("Hello", "somebody.else")
        asked = (await side.say("send hello to me")).json()
        await side.say("and then?")
        now = await figures(side)
        assert now["turns_total/answered"] == 2
        assert now["turns_total/parked"] == 1
        assert now["turn_seconds_count"] == 3
        assert now["first_token_seconds_count"] == 2
        assert 0 < now["first_token_seconds_sum"] < now["turn_seconds_sum"] < 30
        assert now["turns_running"] == now["waiting_messages"] == 0
        assert now["sessions"] == 2
        assert now["approvals_open"] == 1
        assert now["tokens_total"] > 0
        assert (now["inbox_messages/parked"], now["inbox_messages/held"]) == (1, 1)
        assert 0 < now["inbox_age_seconds/parked"] < 30
        assert now["journal_batch_size_sum"] >= now["journal_batch_size_count"] > 0
        assert now["transaction_batch_size_sum"] >= now["transaction_batch_size_count"] > 0
        await side.client.post(
            f"/api/approvals/{asked['pending_approval']['id']}", json={"decision": "reject"}
        )
        assert (await figures(side))["approvals_total/rejected"] == 1


async def test_what_waits_to_be_shown_and_what_died_are_figures(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        outbox = side.bot.turns.outbox
        to = MemoryAdapter().address("ann")  # whom nothing reaches here
        await outbox.say(to, "The kettle boils.")
        await outbox.say(to, "It whistles.")
        (first, _) = await side.bot.conversations.undelivered("memory")
        await side.bot.conversations.dead.bury(first.id, "no network")
        now = await figures(side)
        assert now["outbox_messages/memory"] == 1
        assert 0 <= now["outbox_age_seconds/memory"] < 30
        assert (now["dead_letters/outbox"], now["dead_letters/inbox"]) == (1, 0)


async def test_where_the_records_cannot_be_read_the_other_figures_are_given(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("Hello")
        await asyncio.to_thread(damage, tmp_path / "data" / "conversations.db", "messages")
        now = await figures(side)
        assert (now["turns_total/answered"], now["sessions"]) == (1, 1)
        assert "inbox_messages/received" not in now


async def test_figures_and_statistics_name_nobody_and_repeat_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("my heart is broken", "very.private")
        for path in ("/metrics", "/api/stats"):
            text = (await side.client.get(path)).text
            assert "private" not in text
            assert "broken" not in text


async def test_these_are_for_admins_alone(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        for path in ADDRESSES:
            assert (await side.client.get(path)).status_code == 401, path
            assert (await side.client.get(path, headers=SHOP)).status_code == 403, path
            assert (await side.client.get(path, headers=OPS)).status_code == 200, path
        body = {"person": "api:shop/ann"}
        refused = await side.client.post("/api/people/block", json=body, headers=SHOP)
        assert refused.status_code == 403
        blocked = await side.client.post("/api/people/block", json=body, headers=OPS)
        assert blocked.json()["blocked_by"] == "api:ops"


async def test_statistics_count_the_day(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("Hello")
        await side.say("send hello to me", "somebody.else")
        stats = (await side.client.get("/api/stats")).json()
        (platform,), (day,) = stats["platforms"], stats["days"]
        counted = {
            "platform": "api",
            "people": 2,
            "conversations": 2,
            "messages": 2,
            "replies": 1,
            "approvals": {"open": 1},
        }
        assert platform == counted
        assert day.pop("day") == f"{datetime.now(UTC):%Y-%m-%d}"
        assert day == counted


async def test_ready_names_every_part(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        ready = (await side.client.get("/ready")).json()
        names = [part["name"] for part in ready["parts"]]
        assert names == ["sessions", "conversations", "threads", "outbox", "disk", "intake"]


async def test_a_platform_that_takes_nothing_for_ten_minutes_does_not_work(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        database, outbox = side.bot.office.database, side.bot.turns.outbox
        people = MemoryAdapter()
        await outbox.say(people.address("ann"), "The kettle boils.")  # nobody shows it
        later = datetime.now(UTC) + LONGEST_ON_THE_WAY + timedelta(minutes=1)
        check = checking_outbox(database, outbox, lambda: later)
        assert (await check()).ok, "nobody expects this platform to show anything"
        outbox.connect(people)
        part = await check()
        assert (part.ok, part.text) == (
            False,
            "memory has not taken 1, the oldest for 11 minutes.",
        )
        assert (await checking_outbox(database, outbox, lambda: datetime.now(UTC))()).ok


async def test_a_disk_with_little_room_does_not_work(tmp_path: Path) -> None:
    assert (await checking_disk([tmp_path], least=1)()).ok
    full = await checking_disk([tmp_path], least=10**18)()
    assert (full.ok, "should be" in full.text) == (False, True)
    gone = await checking_disk([tmp_path / "gone"])()
    assert (gone.ok, gone.text) == (False, "It cannot be looked at: No such file or directory.")


async def test_threads_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("Hello")
        await asyncio.to_thread(damage, tmp_path / "data" / "threads.db", "checkpoints")
        parts = (await side.client.get("/ready")).json()["parts"]
        broken = {part["name"]: part["text"] for part in parts if not part["ok"]}
        assert list(broken) == ["threads"]


def damage(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"DROP TABLE {table}")


async def test_dead_letters_are_listed_in_pages(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        conversations = side.bot.conversations
        for number in range(5):
            await side.bot.turns.outbox.say(MemoryAdapter().address("ann"), f"{number}")
        for row in await conversations.undelivered("memory"):
            await conversations.dead.bury(row.id, "no network")
        texts: list[str] = []
        after: str | None = ""
        while after is not None:
            query = {"limit": "2", "after": after}
            page = (await side.client.get("/api/dead-letters", params=query)).json()
            texts += [item["text"] for item in page["items"]]
            after = page["next"]
        assert texts == ["4", "3", "2", "1", "0"]
        assert (await side.client.get("/api/dead-letters?after=nowhere")).status_code == 422


async def test_whoever_may_speak_again_is_reminded_of_what_they_missed(tmp_path: Path) -> None:
    ann = {"person": "api:ann"}
    async with running(tmp_path) as side:
        await side.client.post("/api/people/block", json=ann)
        looked = asyncio.Event()

        async def look() -> None:
            looked.set()

        async with side.bot.reminding.telling(look):
            await side.client.post("/api/people/unblock", json=ann)
        assert looked.is_set()
