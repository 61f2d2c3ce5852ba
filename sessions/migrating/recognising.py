"""What a file or folder of another bot holds, found out by looking into it."""

from collections.abc import Sequence
from pathlib import Path

from sessions.migrating.chat_database import MAGIC, chat_database
from sessions.migrating.found import Remarks, Source, SourceRefused
from sessions.migrating.json_files import json_file
from sessions.migrating.places import Place, beginning_of, places_in
from sessions.migrating.session_tables import session_table

SIDES = ("-wal", "-shm", "-journal")
NOTHING = "There are no conversations and no sessions in it; it stays where it is."
ZIP = b"PK\x03\x04"


def recognise(path: Path, work: Path, remarks: Remarks) -> Sequence[Source]:
    """Find what can be brought in; what cannot is remarked upon, folder by folder where it can be.

    Raises:
        SourceRefused: there is nothing, or the one file that was named cannot be read.
    """
    sources: list[Source] = []
    strange: dict[str, list[str]] = {}
    is_one = path.is_file()
    places = list(places_in(path, remarks))
    names = {each.name for each in places}
    for place in places:
        side = next((end for end in SIDES if place.name.endswith(end)), "")
        if side and place.name.removesuffix(side) in names:
            continue
        try:
            found = _recognised(place, work)
        except SourceRefused as refused:
            if is_one:
                raise
            remarks.leave_out(place.name, str(refused))
            continue
        if found is not None:
            sources.append(found)
        else:
            strange.setdefault(_top(place.name), []).append(place.name)
    with_some = {_top(each.name) for each in sources}
    for top, inside in strange.items():
        if top.endswith("/") and top not in with_some:
            remarks.leave_out(top, NOTHING, len(inside))
        else:
            for name in inside:
                remarks.leave_out(name, NOTHING)
    if not sources:
        why = "; ".join(f"{one.what}: {one.why}" for one in remarks.all()[:3])
        raise SourceRefused(f"Nothing in {path.name} is known here. {why}".strip())
    return sources


def _recognised(place: Place, work: Path) -> Source | None:
    start = beginning_of(place)
    if start.startswith(MAGIC):
        return chat_database(place, work)
    if start.startswith(ZIP):
        raise SourceRefused(
            f"{place.name} is a ZIP: `data import` takes exports; unpack anything else first."
        )
    text = start.decode("utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    first = text.lstrip("\ufeff \t\r\n")[:1]
    if first in ("{", "[") and first:
        return json_file(place)
    if not first or (b"\0" in start[:1000] and start[:2] not in (b"\xff\xfe", b"\xfe\xff")):
        return None
    header = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    return session_table(place) if any(each in header for each in ",;\t|") else None


def _top(name: str) -> str:
    return f"{name.partition('/')[0]}/" if "/" in name else name
