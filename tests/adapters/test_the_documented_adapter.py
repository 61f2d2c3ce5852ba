"""The adapter in docs/add-an-adapter.md is complete: it is run here as it stands there."""

import asyncio
import importlib.util
import re
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from adapters.contract import Address, Answer, Attachment, Notice, Reply
from adapters.unnoted import Unnoted
from tests.adapters.conformance import AdapterConformance, Person, Script

PAGE = Path(__file__).parents[2] / "docs" / "add-an-adapter.md"
LONGEST = 120


def code() -> str:
    """Give the program of the page."""
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(program)


def module(home: Path) -> ModuleType:
    file = home / "folder_adapter.py"
    file.write_text(code())
    spec = importlib.util.spec_from_file_location("folder_adapter", file)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_it_has_at_most_120_lines() -> None:
    assert len(code().splitlines()) <= LONGEST


async def test_who_deletes_what_she_has_read_loses_nothing_that_comes_later(tmp_path: Path) -> None:
    adapter = module(tmp_path).FolderAdapter(tmp_path)
    ann, out = Address("folder", "ann", "ann"), tmp_path / "ann" / "out"
    for text in ("one", "two"):
        await adapter.deliver(ann, Unnoted(_only(Notice(text))))
    min(out.iterdir()).unlink()
    file = Attachment("../list.csv", "text/csv", b"a,b")
    await adapter.deliver(ann, Unnoted(_only(Answer("a", "three", attachments=(file,)))))
    found = sorted(out.iterdir())
    assert [each.read_text() for each in found if each.suffix == ".txt"] == ["two", "three"]
    assert [each.read_bytes() for each in found if each.suffix == ".csv"] == [b"a,b"]


async def _only(reply: Reply) -> AsyncIterator[Reply]:
    yield reply


class Ann(Person):
    def __init__(self, root: Path, adapter: object, script: Script) -> None:
        self.adapter = adapter  # type: ignore[assignment] # the conformance suite says if it is one
        self.script = script
        self._in = root / "ann" / "in"
        self._out = root / "ann" / "out"
        self._in.mkdir(parents=True)
        self._said = 0

    async def say(self, text: str) -> None:
        self._said += 1
        await self._drop(f"{self._said}.txt", text)

    async def tap(self, approval_id: str) -> None:
        await self._drop(f"{approval_id}.approve", "")

    def screen(self) -> Sequence[str]:
        return [file.read_text() for file in sorted(self._out.glob("*.txt"))]

    def address(self) -> Address:
        return Address("folder", "ann", "ann")

    async def _drop(self, name: str, text: str) -> None:
        """Lay a file into the folder, and wait until it is taken and answered."""
        seen = len(self.script.seen)
        draft = self._in.parent / name
        draft.write_text(text)
        draft.replace(self._in / name)
        await _until(lambda: len(self.script.seen) > seen)
        await _until(lambda: not vars(self.adapter)["_conversing"])


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(1500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


class TestFolders(AdapterConformance):
    @pytest.fixture
    async def person(self, tmp_path: Path) -> AsyncIterator[Person]:
        adapter = module(tmp_path).FolderAdapter(tmp_path / "people")
        script = Script()
        async with adapter.serve(script, ()):
            yield Ann(tmp_path / "people", adapter, script)
