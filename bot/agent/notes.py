"""What the shipped tools note for people: where it is kept, and taking it back."""

import asyncio
from pathlib import Path

from langgraph.store.base import BaseStore

from sessions.wiping import wipe

AT_ONCE = 200


class Notes:
    """The notes of all people, in LangGraph's store and its file."""

    def __init__(self, store: BaseStore, path: Path) -> None:
        self._store = store
        self._path = path

    async def forget(self, person: str) -> int:
        """Delete the notes of a person (``telegram:12345``), every byte of them; count them."""
        gone = await forget_notes(self._store, notes_of(person))
        if gone:
            await asyncio.to_thread(wipe, self._path)
        return gone


async def forget_notes(store: BaseStore, place: tuple[str, ...]) -> int:
    """Delete all notes that stand in a place; count them."""
    gone = 0
    while found := await store.asearch(place, limit=AT_ONCE):
        for item in found:
            await store.adelete(place, item.key)
        gone += len(found)
    return gone


def notes_of(person: str) -> tuple[str, ...]:
    """Name where a person's notes are. LangGraph allows no full stop in a name space."""
    return ("notes", person.replace("%", "%25").replace(".", "%2E"))
