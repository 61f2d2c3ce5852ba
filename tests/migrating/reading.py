"""Reading what an old bot left in a folder called old, with a folder for copies beside it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sessions.migrating.found import Remarks, Talk
from sessions.migrating.recognising import recognise


def read(path: Path) -> tuple[list[Talk], str]:
    """Read everything; give the conversations, and the remarks as lines."""
    remarks = Remarks()
    work = next(each for each in (path, *path.parents) if each.name == "old").parent / "work"
    sources = recognise(path, work, remarks)
    talks = [talk for each in sources for talk in each.talks(remarks)]
    assert list(work.iterdir()) == []
    return talks, "\n".join(f"{one.what} ({one.many}): {one.why}" for one in remarks.all())


def texts(talks: Sequence[Talk]) -> list[str]:
    return [each.text for talk in talks for each in talk.said]


def as_json(old: Path, found: Any) -> Path:
    path = old / "some.json"
    path.write_text(json.dumps(found))
    return path
