"""One file says of itself whether it is whole; what is wrong with it is named."""

import asyncio
import gzip
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.archive import (
    TRAILER_SIZE,
    ArchiveDamaged,
    ArchiveError,
    ArchiveForeign,
    ArchiveLocked,
    read_archive,
)
from sessions.backup import Backups, closed
from sessions.manifest import Manifest
from tests.backups.keeping import flip, setup_in
from tests.sessions.people import NOON
from tests.stories.house import open_house


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a few things were said."""
    home = tmp_path_factory.mktemp("home")

    async def chat() -> None:
        async with open_house(home) as house:
            await house.people.say("ann", "note: milk")
            await house.people.say("bob", "hello")

    asyncio.run(chat())
    return home


def backed_up(home: Path, passphrase: str = "") -> Path:
    setup = setup_in(home, passphrase=passphrase)

    async def make() -> Path:
        async with Backups(setup, closed(setup.places), clock=lambda: NOON) as backups:
            return (await backups.make("asked")).path

    return asyncio.run(make())


@pytest.fixture(scope="module")
def archive(home: Path) -> Path:
    return backed_up(home)


def read(archive: Path, into: Path, passphrase: str = "") -> Manifest:
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    return read_archive(archive, into, passphrase, lambda _: None)


def test_it_lists_every_file_with_its_size_hash_rows_and_tables(
    archive: Path, tmp_path: Path
) -> None:
    manifest = read(archive, tmp_path / "into")
    by_name = {each.name: each for each in manifest.files}
    assert list(by_name) == [
        "conversations.db",
        "notes.db",
        "threads.db",
        "forgotten.key",
        "sessions.csv",
    ]
    assert by_name["conversations.db"].rows["messages"] == 4
    assert by_name["sessions.csv"].rows == {"sessions": 2}
    assert by_name["conversations.db"].schema
    assert (manifest.why, manifest.version, manifest.made_at) == ("asked", "test", NOON)
    for name, each in by_name.items():
        assert (tmp_path / "into" / name).stat().st_size == each.size
    assert archive.stat().st_mode & 0o777 == 0o600
    assert archive.parent.stat().st_mode & 0o777 == 0o700


def test_the_usual_tools_open_it(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as tar:
        assert tar.getnames()[0] == "manifest.json"
        assert len(tar.getnames()) == 6
    if gzip_tool := shutil.which("gzip"):
        subprocess.run([gzip_tool, "-t", archive], check=True, timeout=30)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_changed_byte_is_found(data: st.DataObject, archive: Path, tmp_path: Path) -> None:
    changed = tmp_path / archive.name
    shutil.copy(archive, changed)
    flip(changed, data.draw(st.integers(0, archive.stat().st_size - 1)))
    with pytest.raises(ArchiveError, match=archive.name):
        read(changed, tmp_path / "into")


def test_every_byte_before_and_behind_the_compressed_data_counts(
    archive: Path, tmp_path: Path
) -> None:
    size = archive.stat().st_size
    for at in (*range(24), *range(size - TRAILER_SIZE - 8, size)):
        changed = tmp_path / archive.name
        shutil.copy(archive, changed)
        flip(changed, at)
        with pytest.raises(ArchiveError):
            read(changed, tmp_path / "into")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_one_that_is_cut_short_is_found(data: st.DataObject, archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    cut = tmp_path / archive.name
    cut.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ArchiveError):
        read(cut, tmp_path / "into")


def packed(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """Write an archive as a stranger could, with its checksum behind it."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as tar:
        for head, content in members:
            tar.addfile(head, io.BytesIO(content))
    path.write_bytes(gzip.compress(inner.getvalue()))
    return path


def members_of(archive: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    found = []
    with tarfile.open(archive) as tar:
        for head in tar:
            content = tar.extractfile(head)
            assert content is not None
            found.append((head, content.read()))
    return found


def test_a_file_that_was_exchanged_is_named(archive: Path, tmp_path: Path) -> None:
    members = members_of(archive)
    for number, (head, content) in enumerate(members[1:], 1):
        other = [*members]
        other[number] = (head, content[:-1] + b"#")
        changed = packed(tmp_path / "changed.tar.gz", other)
        with pytest.raises(ArchiveDamaged, match=f"{head.name} is not what it was"):
            read(changed, tmp_path / "into")


def test_a_file_that_is_missing_or_too_much_is_named(archive: Path, tmp_path: Path) -> None:
    members = members_of(archive)
    without = packed(tmp_path / "without.tar.gz", [members[0], *members[2:]])
    with pytest.raises(ArchiveDamaged, match=f"{members[1][0].name} is not where it belongs"):
        read(without, tmp_path / "into")
    more = packed(tmp_path / "more.tar.gz", [*members, (members[1][0], members[1][1])])
    with pytest.raises(ArchiveDamaged, match="more files than it lists"):
        read(more, tmp_path / "into")


def test_nothing_is_ever_written_outside_the_folder(archive: Path, tmp_path: Path) -> None:
    members = members_of(archive)
    for name in ("../out.db", "/tmp/out.db", "conversations.db/../../out.db"):
        head = tarfile.TarInfo(name)
        head.size = 4
        about = members[0][1].replace(b'"conversations.db"', f'"{name}"'.encode())
        first = tarfile.TarInfo("manifest.json")
        first.size = len(about)
        evil = packed(tmp_path / "evil.tar.gz", [(first, about), (head, b"evil"), *members[2:]])
        with pytest.raises(ArchiveForeign, match="names what no backup has"):
            read(evil, tmp_path / "into")
    assert not (tmp_path / "out.db").exists()


def test_a_link_in_the_place_of_a_file_is_refused(archive: Path, tmp_path: Path) -> None:
    members = members_of(archive)
    link = tarfile.TarInfo(members[1][0].name)
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    evil = packed(tmp_path / "evil.tar.gz", [members[0], (link, b""), *members[2:]])
    with pytest.raises(ArchiveDamaged, match=r"conversations\.db is not where"):
        read(evil, tmp_path / "into")


def test_more_bytes_than_it_lists_are_not_unpacked(archive: Path, tmp_path: Path) -> None:
    members = members_of(archive)
    bomb = tarfile.TarInfo(members[1][0].name)
    bomb.size = 64 * 1024 * 1024
    evil = packed(tmp_path / "bomb.tar.gz", [members[0], (bomb, bytes(bomb.size))])
    with pytest.raises(ArchiveDamaged, match="has not the size it had"):
        read(evil, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


def test_what_is_larger_than_the_free_room_is_not_begun(archive: Path, tmp_path: Path) -> None:
    members = members_of(archive)
    about = json.loads(members[0][1])
    about["files"][0]["size"] = 2**60
    first = tarfile.TarInfo("manifest.json")
    content = json.dumps(about).encode()
    first.size = len(content)
    evil = packed(tmp_path / "evil.tar.gz", [(first, content), *members[1:]])
    with pytest.raises(OSError, match=r"1,152,921,504,6.* bytes are needed"):
        read(evil, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


def test_what_is_no_backup_is_refused_in_a_sentence(archive: Path, tmp_path: Path) -> None:
    members = members_of(archive)
    strange = {
        "text": tmp_path / "text.tar.gz",
        "tar": packed(tmp_path / "tar.tar.gz", members[1:]),
    }
    strange["text"].write_text("hello")
    newer = members[0][1].replace(b'"format": 1', b'"format": 2')
    head = tarfile.TarInfo("manifest.json")
    head.size = len(newer)
    strange["newer"] = packed(tmp_path / "newer.tar.gz", [(head, newer), *members[1:]])
    for path in strange.values():
        with pytest.raises(ArchiveForeign, match=path.name):
            read(path, tmp_path / "into")


def test_with_a_passphrase_nothing_can_be_read_without_it(home: Path, tmp_path: Path) -> None:
    archive = backed_up(home, "correct horse")
    assert archive.name.endswith(".tar.gz.age")
    assert b"milk" not in archive.read_bytes()
    assert not list(archive.parent.glob("*.plain"))
    assert read(archive, tmp_path / "into", "correct horse").size > 0
    with pytest.raises(ArchiveLocked, match="passphrase is needed"):
        read(archive, tmp_path / "into")
    with pytest.raises(ArchiveLocked, match="cannot be decrypted"):
        read(archive, tmp_path / "into", "wrong horse")
    flip(archive, archive.stat().st_size // 2)
    with pytest.raises(ArchiveLocked):
        read(archive, tmp_path / "into", "correct horse")
