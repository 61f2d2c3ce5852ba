"""Property tests: whatever is done and wherever it stops, what had returned is there."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.csv_store import CsvStore
from sessions.folding import Pace
from sessions.models import Session
from sessions.rows import HEADER
from sessions.store import KeyTaken, NoSuchSession, SessionStoreError
from tests.sessions.people import NOON, approval, session
from tests.sessions.simulated_disk import Death, SimulatedDisk

PATH = Path("/home/sessions.csv")
NEVER = Pace(after=3600, look=3600)
DEATHS: list[Death] = ["killed", "power cut"]
State = dict[str, Session]


@dataclass(frozen=True)
class Deed:
    """One operation: what to do with whose session."""

    what: str
    whose: int

    async def do(self, store: CsvStore, number: int) -> None:
        name = f"session-{self.whose}"
        match self.what:
            case "save":
                await store.save(_made(self.whose, number))
            case "touch":
                await store.change(name, _touch(number))
            case "park":
                await store.change(name, _park)
            case "swap":
                await store.change(name, lambda _: _successor(self.whose, number))
            case "remove":
                await store.remove(name)
            case "sweep":
                await store.remove_idle_since(NOON + timedelta(minutes=number / 2))
            case "fold":
                await store.fold()

    def after(self, state: State, number: int) -> State:
        """Return what it makes of a state; what it cannot do changes nothing."""
        name = f"session-{self.whose}"
        state = dict(state)
        found = state.get(name)
        match self.what:
            case "save":
                new = _made(self.whose, number)
                if all(one.key != new.key or one.session_id == name for one in state.values()):
                    state[name] = new
            case "touch" if found is not None:
                state[name] = _touch(number)(found)
            case "park" if found is not None:
                state[name] = _park(found)
            case "swap" if found is not None:
                del state[name]
                new = _successor(self.whose, number)
                state[new.session_id] = new
            case "remove":
                state.pop(name, None)
            case "sweep":
                cutoff = NOON + timedelta(minutes=number / 2)
                state = {
                    key: one
                    for key, one in state.items()
                    if one.last_activity >= cutoff or one.pending_approval
                }
        return state


def _made(whose: int, number: int) -> Session:
    return session(whose, minutes=number, metadata={"made": number})


def _touch(number: int) -> Callable[[Session], Session]:
    return lambda one: one.active_at(NOON + timedelta(minutes=number))


def _park(one: Session) -> Session:
    return replace(one, pending_approval=(*one.pending_approval, approval()))


def _successor(whose: int, number: int) -> Session:
    return replace(_made(whose, number), session_id=f"session-{whose}-{number}")


def _deeds(*what: str) -> st.SearchStrategy[Deed]:
    return st.builds(Deed, st.sampled_from(what), st.integers(1, 4))


#: Deeds in one list are done at the same time; a sweep alone, for it leaves what is on its way.
together = st.one_of(
    st.lists(
        _deeds("save", "save", "touch", "touch", "park", "swap", "remove", "fold"),
        min_size=1,
        max_size=5,
    ),
    st.lists(_deeds("sweep"), min_size=1, max_size=1),
)
histories = st.lists(together, min_size=1, max_size=8)


@dataclass
class Past:
    """What may be on disk: the states since the last that is certain, oldest first."""

    states: list[State]
    number: int = 0

    async def live(self, store: CsvStore, disk: SimulatedDisk, history: list[list[Deed]]) -> None:
        for together in history:
            first = self.number + 1
            certain = await _together(store, disk, together, first)
            for number, deed in enumerate(together, first):
                after = deed.after(self.states[-1], number)
                if after == self.states[-1]:
                    continue  # that nothing had to be done says nothing about what is on its way
                self.states.append(after)
                if certain[number - first]:
                    del self.states[:-1]
            self.number += len(together)
            if disk.is_dead:
                return


async def _together(
    store: CsvStore, disk: SimulatedDisk, together: Sequence[Deed], first: int
) -> list[bool]:
    """Do deeds at the same time; say of each whether it returned while the machine was alive."""

    async def one(deed: Deed, number: int) -> bool:
        try:
            await deed.do(store, number)
        except (NoSuchSession, KeyTaken):
            return False
        except (SessionStoreError, OSError):
            assert disk.is_dead
            return False
        return deed.what != "fold"

    work: list[Awaitable[bool]] = [one(deed, number) for number, deed in enumerate(together, first)]
    return list(await asyncio.gather(*work))


async def found_on(disk: SimulatedDisk) -> State:
    async with CsvStore.open(PATH, disk=disk, pace=NEVER) as store:
        found = {one.session_id: one for one in await store.all()}
        assert all([await store.find(one.key) == one for one in found.values()])
    return found


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(histories, st.integers(1, 90)), min_size=1, max_size=2),
    st.sampled_from(DEATHS),
    st.integers(0, 1 << 32),
)
def test_what_had_returned_survives_crashes_anywhere(
    lives: list[tuple[list[list[Deed]], int]], death: Death, seed: int
) -> None:
    async def story() -> None:
        disk, chance = SimulatedDisk(), random.Random(seed)
        past = Past([{}])
        for history, dies_at in lives:
            disk.dies_at = dies_at
            try:
                async with CsvStore.open(PATH, disk=disk, pace=NEVER) as store:
                    found = {one.session_id: one for one in await store.all()}
                    assert found in past.states
                    past.states = [found]
                    await past.live(store, disk, history)
            except SessionStoreError:
                assert disk.is_dead
            disk = disk.restart(death, chance)
        found = await found_on(disk)
        assert found in past.states
        assert disk.names(PATH.parent) == ["sessions.csv"]
        assert disk.text(PATH).startswith(HEADER + "\n")
        assert disk.text(PATH).count("\n") == 1 + len(found)

    asyncio.run(story())


@settings(max_examples=200, deadline=None)
@given(
    histories,
    st.sets(st.integers(8, 80), min_size=1, max_size=3),
    st.integers(0, 1 << 32),
)
def test_a_step_that_fails_shows_nothing_and_loses_nothing(
    history: list[list[Deed]], fails_at: set[int], seed: int
) -> None:
    async def story() -> None:
        disk, chance = SimulatedDisk(), random.Random(seed)
        shown: State = {}
        async with CsvStore.open(PATH, disk=disk, pace=NEVER) as store:
            disk.fails_at = fails_at
            number = 0
            for together in history:
                for deed in together:  # one after the other: then it is certain what each did
                    number += 1
                    try:
                        await deed.do(store, number)
                    except (NoSuchSession, KeyTaken):
                        pass
                    except (SessionStoreError, OSError):
                        pass
                    else:
                        shown = deed.after(shown, number)
                    assert {one.session_id: one for one in await store.all()} == shown
                if store.report().refusing:
                    restarted = disk.restart(chance.choice(DEATHS), chance)
                    assert await found_on(restarted) == shown
                    disk.fails_at = set()
                    await store.fold()
                    assert not store.report().refusing
            disk.fails_at = set()
        assert await found_on(disk) == shown

    asyncio.run(story())
