"""Over HTTP a reminder waits in the mailbox of whoever asked for it."""

import asyncio
from pathlib import Path

from tests.stories.clock_tower import jobs_of
from tests.web.running import Side, running

KEYS = "shop:app:11111111111111111111111111111111,bank:app:22222222222222222222222222222222"
SHOP = {"X-API-Key": "1" * 32}
BANK = {"X-API-Key": "2" * 32}


async def mail(side: Side, **headers: str) -> list[str]:
    page = await side.client.get("/api/messages?user_id=test_123", headers=headers)
    return [item["text"] for item in page.json()["items"]]


async def until_in_mail(side: Side, text: str, **headers: str) -> list[str]:
    for _ in range(500):
        found = await mail(side, **headers)
        if text in found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"{text!r} did not come: {found}")


async def test_a_reminder_waits_in_the_mailbox_and_in_no_other_keys(tmp_path: Path) -> None:
    async with (
        running(tmp_path, API_KEYS=KEYS) as side,
        jobs_of(side.bot),
    ):
        asked = await side.say("remind me in 1 second to pay", **SHOP)
        assert asked.json()["reply"].startswith("I will remind you on ")
        await side.say("/remind tomorrow: save", **BANK)
        found = await until_in_mail(side, "Reminder: pay", **SHOP)
        assert found.count("Reminder: pay") == 1
        assert not any("pay" in text for text in await mail(side, **BANK))
        assert "save" not in (await side.say("/remind", **SHOP)).json()["reply"]
        assert "save" in (await side.say("/remind", **BANK)).json()["reply"]
