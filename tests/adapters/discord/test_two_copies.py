"""A message that is heard twice is answered in one place, whatever Discord does in between."""

import pytest

from adapters.contract import Address
from adapters.discord.hearing import Hearing
from tests.adapters.discord.scene import serving
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, User


@pytest.mark.parametrize("fails_first", [True, False])
async def test_a_thread_that_opens_only_for_one_of_two_copies_does_not_make_two_answers(
    discord: Discord,
    ann: User,
    general: Channel,
    fails_first: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places: list[Address] = []
    place = Hearing.place

    async def noting(self: Hearing, message: object) -> Address:
        if fails_first == (not places):
            discord.traffic.fail(503, "POST", "/threads")
        places.append(await place(self, message))  # type: ignore[arg-type] # as the library gives it
        return places[-1]

    monkeypatch.setattr(Hearing, "place", noting)
    async with serving(discord, threads=True) as scene:
        asked = discord.say(general, ann, "hello", mention=True)
        discord.tell_again(asked)
        await scene.until(lambda: len(places) == 2)
        assert places[0] == places[1]
        assert len(scene.bot.heard) >= 1
