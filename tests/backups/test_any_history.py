"""Whatever was said before: a backup of it is whole or known not to be, and gives it back."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.contract import Approve, Reject
from sessions.archive import ArchiveError, read_archive
from tests.backups.keeping import everything, everything_in, setup_in
from tests.backups.test_damage_and_restore import DAMAGES, FILES, put_back
from tests.stories.house import House, card_in, open_house

SAID = (
    "hello",
    "note: milk",
    "send hello to me",
    "/remind tomorrow: tea",
    "/new",
    "/title Plants",
    "/tag home",
    "/undo",
    "/clear",
    "/history",
    "/search milk",
    "/settings zone Europe/Paris",
)
TURN = st.tuples(
    st.sampled_from(("ann", "bob", "cleo")),
    st.sampled_from(SAID) | st.text(min_size=1, max_size=200),
    st.sampled_from((None, Approve(), Reject("no"))),
)
FLIPS = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=10, max_size=10)


async def live(house: House, history: Sequence[tuple[str, str, Approve | Reject | None]]) -> None:
    """Let all of it be said, and decide what is asked for."""
    for person, text, verdict in history:
        replies = await house.people.say(person, text)
        if text.startswith("send ") and verdict and any("approval_id" in str(r) for r in replies):
            await house.people.tap(person, card_in(replies).approval_id, verdict)


async def backed_up(
    home: Path, history: Sequence[tuple[str, str, Approve | Reject | None]]
) -> Path:
    """Live through a history, back up, and go on; give the archive. `then` is what it holds."""
    half = len(history) // 2
    async with open_house(home, MESSAGES_PER_MINUTE="0") as house:
        await live(house, history[:half])
        made = await house.bot.vault.backups.make("asked")
        then = home / "then"
        await asyncio.to_thread(then.mkdir)
        await house.bot.vault.backups.unpack(made.path, then)
        await live(house, history[half:])
    return made.path


def finds(archive: Path, at: int, change: int, into: Path) -> bool:
    """Change one byte of a copy, and say whether reading it finds that."""
    content = bytearray(archive.read_bytes())
    content[at] ^= change
    changed = into / archive.name
    changed.write_bytes(content)
    place = into / "place"
    place.mkdir()
    try:
        read_archive(changed, place, "", lambda _: None)
    except ArchiveError:
        return True
    finally:
        shutil.rmtree(place)
    return False


def check(data: st.DataObject) -> None:
    history = data.draw(st.lists(TURN, min_size=2, max_size=10))
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        archive = asyncio.run(backed_up(home, history))
        size = archive.stat().st_size
        for part, change in data.draw(FLIPS):
            at = min(size - 1, int(part * size))
            assert finds(archive, at, change, home / "then"), f"byte {at} of {size}"
        then = everything_in(home / "then", home / "then" / "sessions.csv")
        name, damage = data.draw(st.sampled_from(FILES)), data.draw(st.sampled_from(DAMAGES))
        damage(home / name if name == "sessions.csv" else home / "data" / name)
        asyncio.run(put_back(setup_in(home), archive))
        assert everything(home) == then


STRANGE = list(HealthCheck)


@settings(max_examples=2, deadline=None, suppress_health_check=STRANGE)
@given(data=st.data())
def test_any_history_comes_back_and_any_changed_byte_is_found(data: st.DataObject) -> None:
    check(data)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@settings(max_examples=60, deadline=None, suppress_health_check=STRANGE)
@given(data=st.data())
def test_many_histories_come_back_and_any_changed_byte_is_found(data: st.DataObject) -> None:
    check(data)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_each_single_byte_of_a_backup_counts(tmp_path: Path) -> None:
    archive = asyncio.run(backed_up(tmp_path, [("ann", "hello", None), ("bob", "hello", None)]))
    into = tmp_path / "into"
    into.mkdir()
    size = archive.stat().st_size
    assert [at for at in range(size) if not finds(archive, at, 0x5A, into)] == []
