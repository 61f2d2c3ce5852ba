"""Exports that are foreign, damaged or made to do harm are refused, and nothing is changed."""

import asyncio
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from sessions.export_file import opened
from sessions.portable import ArchiveRefused
from tests.data.damage import cut_short
from tests.data.test_export_and_import import exported, lines, taken_in, talk
from tests.stories.house import open_house


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write an export anew with other entries."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    other = path.with_name("other.zip")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return other


def other_word(entries: dict[str, bytes]) -> None:
    entries["messages.jsonl"] = entries["messages.jsonl"].replace(b"hello", b"hullo")


def climbing(entries: dict[str, bytes]) -> None:
    entries["../../evil.jsonl"] = b"{}"
    with_entry(entries, "../../evil.jsonl")


def with_entry(entries: dict[str, bytes], name: str) -> None:
    manifest = json.loads(entries["manifest.json"])
    manifest["entries"][name] = {"rows": 1, "sha256": "", "bytes": 2}
    entries["manifest.json"] = json.dumps(manifest).encode()


def unlisted(entries: dict[str, bytes]) -> None:
    entries["more.jsonl"] = b"{}"


def without_messages(entries: dict[str, bytes]) -> None:
    del entries["messages.jsonl"]


def newer(entries: dict[str, bytes]) -> None:
    manifest = json.loads(entries["manifest.json"]) | {"version": 99}
    entries["manifest.json"] = json.dumps(manifest).encode()


def bombing(entries: dict[str, bytes]) -> None:
    entries["messages.jsonl"] = bytes(64 * 1024**2)


def foreign(entries: dict[str, bytes]) -> None:
    entries.clear()
    entries["word/document.xml"] = b"<document/>"


@pytest.mark.parametrize(
    "change", [other_word, climbing, unlisted, without_messages, newer, bombing, foreign]
)
async def test_what_is_no_whole_export_is_refused_and_adds_nothing(
    tmp_path: Path, change: Callable[[dict[str, bytes]], None]
) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello")
        path = await asyncio.to_thread(rewritten, await exported(house), change)
    async with open_house(other) as house:
        with pytest.raises(ArchiveRefused) as refused:
            await taken_in(house, path)
        assert str(refused.value).endswith(".")
        assert house.people.screen("ann") == ()
        empty = await asyncio.to_thread(lines, await exported(house), "messages")
        assert empty == []
    assert not await asyncio.to_thread((tmp_path / "evil.jsonl").exists)


async def test_an_export_that_is_cut_short_or_too_large_is_refused(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)

        def look(most_bytes: int = 10**9) -> None:
            with opened(path, most_bytes=most_bytes):
                pass

        await asyncio.to_thread(look)
        with pytest.raises(ArchiveRefused, match="unpack to more than 1,000 bytes"):
            await asyncio.to_thread(look, 1000)
        await asyncio.to_thread(cut_short, path)
        with pytest.raises(ArchiveRefused, match="is no ZIP, or is damaged"):
            await asyncio.to_thread(look)


async def test_a_persons_export_with_rows_of_another_person_is_refused(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)

        def pretend(entries: dict[str, bytes]) -> None:
            manifest = json.loads(entries["manifest.json"])
            manifest["scope"] = {"kind": "person", "of": "memory:ann"}
            entries["manifest.json"] = json.dumps(manifest).encode()

        other = await asyncio.to_thread(rewritten, path, pretend)
        with pytest.raises(ArchiveRefused, match="of somebody else"):
            await taken_in(house, other)


UNFIT: tuple[tuple[str, str, object], ...] = (
    ("messages", "text", "half \ud83d"),
    ("messages", "created_at", "9999-12-31T23:59:59-23:59"),
    ("messages", "files", 2**70),
    ("messages", "state", "asleep"),
    ("conversations", "id", ""),
    ("conversations", "tags", {"work": True}),
    ("approvals", "actions", [{"name": "send_message"}]),
    ("approvals", "verdicts", [5]),
    ("approvals", "outcome", "maybe"),
    ("actions", "arguments", "all"),
    ("people", "zone", "Mars/Olympus"),
)
"""Fields of rows, and what the tables or whoever reads them cannot bear."""


async def test_rows_that_nobody_could_read_again_are_refused_and_nothing_comes_in(
    tmp_path: Path,
) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)

    def spoilt(path: Path, name: str, field: str, value: object) -> Path:
        def spoil(entries: dict[str, bytes]) -> None:
            rows = [json.loads(line) for line in entries[f"{name}.jsonl"].splitlines()]
            rows[-1][field] = value
            entries[f"{name}.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
            manifest = json.loads(entries["manifest.json"])
            manifest["entries"][f"{name}.jsonl"]["sha256"] = sha256(
                entries[f"{name}.jsonl"]
            ).hexdigest()
            entries["manifest.json"] = json.dumps(manifest).encode()

        return rewritten(path, spoil)

    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
    async with open_house(other) as house:
        for name, field, value in UNFIT:
            bad = await asyncio.to_thread(spoilt, path, name, field, value)
            with pytest.raises(ArchiveRefused, match=rf"{name}\.jsonl"):
                await taken_in(house, bad)
        assert await asyncio.to_thread(lines, await exported(house), "messages") == []
        assert await taken_in(house, path)
