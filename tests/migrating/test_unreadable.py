"""What cannot be read is named with its place, and nothing of it is changed."""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sessions.migrating.found import Remarks, SourceRefused
from sessions.migrating.recognising import recognise
from tests.migrating import old_bots
from tests.migrating.old_bots import said
from tests.migrating.reading import as_json, read, texts

LONG_AGO = datetime(2025, 9, 30, tzinfo=UTC)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    (tmp_path / "work").mkdir()
    return folder


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Nothing in some.json is known here"),
        (b'{"messages": [{"role": "user"', "is not JSON: .* in line 1, column 30"),
        (
            b'{"messages": [\n{"role": "user", "content": "\xff"}]}',
            "is not UTF-8: line 2 has a byte",
        ),
        (b"[" * 100_000, "is nested too deep"),
        (b'{"model": "some"}', "Nothing in some.json is known here"),
        (b'{"messages": "all of them"}', "Nothing in some.json is known here"),
        (b"PK\x03\x04rest", "is a ZIP: `data import` takes exports"),
        (b"SQLite format 3\0" + b"x" * 5000, "some.json cannot be read as a database"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2000), "Nothing in some.json is known here"),
        (b"name,price\nbread,2\n", "Nothing in some.json is known here"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_place(
    old: Path, content: bytes, why: str
) -> None:
    path = old / "some.json"
    path.write_bytes(content)
    with pytest.raises(SourceRefused, match=why):
        read(path)
    assert path.read_bytes() == content


def test_one_bad_file_among_good_ones_is_named_and_the_others_are_read(old: Path) -> None:
    old_bots.folder_of_sessions(old)
    (old / "session_bad.json").write_text('{"messages": [')
    talks, remarks = read(old)
    assert len(talks) == 2
    assert "session_bad.json (1): session_bad.json is not JSON" in remarks


def test_odd_messages_are_left_out_one_by_one(old: Path) -> None:
    messages = [
        *said("good"),
        {"role": "user", "content": 5},
        {"role": "user", "content": None},
        {"role": "user"},
        {"role": "tool", "content": "result"},
        "what",
        {"role": "user", "content": "x" * 1_000_001},
        {"role": "assistant", "content": "half \ud83d and nul \0."},
        {"role": "user", "content": "late", "timestamp": "yesterday"},
    ]
    talks, remarks = read(as_json(old, {"messages": messages}))
    assert texts(talks) == ["good", "half \ufffd and nul \ufffd.", "late"]
    for line in (
        "some.json, message 2 (1): Its text is a number and no text.",
        "messages in some.json (1): They have no text.",
        "some.json, message 4 (1): It has no role or no content.",
        "messages in some.json (1): It is of the role 'tool', in which nobody speaks.",
        "some.json, message 6 (1): It is no object.",
        "some.json, message 7 (1): It is longer than 1,000,000 characters.",
        "some.json, message 8 (1): Characters that no text can have are replaced.",
        "some.json, message 9 (1): Its time cannot be read.",
    ):
        assert line in remarks


def test_names_of_half_characters_and_times_of_no_calendar_keep_nothing_else_out(
    old: Path,
) -> None:
    path = as_json(
        old,
        {
            "messages": [
                {"role": "user", "content": "one", "timestamp": "9999-12-31T23:59:59-23:59"},
                {"role": "\ud83d", "content": "two"},
            ],
            "\ud83d": 5,
            "users": None,
        },
    )
    talks, remarks = read(path)
    assert texts(talks) == ["one", "two"]
    assert (talks[0].said[0].at, talks[0].said[1].name) == (None, "\ufffd")
    assert remarks.encode()


def test_odd_rows_of_a_table_of_sessions_are_left_out_one_by_one(old: Path) -> None:
    path = old_bots.sessions_csv(old / "some.csv", last=LONG_AGO)
    with path.open("a") as file:
        file.write("a,b\nx,telegram_1,telegram,t,2025-01-01,whenever,[],{}\n")
        file.write('y,telegram_2,telegram,t,2025-01-01,2025-01-02,[{}],"[1]"\n')
    remarks = Remarks()
    (source,) = recognise(path, old, remarks)
    assert len(list(source.sessions(remarks))) == 3
    found = {(each.what, each.why) for each in remarks.all()}
    assert ("some.csv, row 4", "It has 2 cells instead of 8.") in found
    assert ("some.csv, row 5", "Its time cannot be read.") in found
    assert ("some.csv, row 6, metadata", "It is no JSON object.") in found
    assert any(what == "open approvals in some.csv" for what, _ in found)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zero(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(4096))


@pytest.mark.parametrize("harm", [cut, zero])
def test_a_damaged_database_is_refused(old: Path, harm: Callable[[Path], None]) -> None:
    path = old_bots.conversations_db(old / "some.db", talks=200)
    harm(path)
    before = path.read_bytes()
    with pytest.raises(SourceRefused, match=r"some\.db (is damaged|cannot be read as a database)"):
        read(path)
    assert path.read_bytes() == before


def test_a_database_that_another_program_writes_is_refused(old: Path) -> None:
    path = old_bots.conversations_db(old / "some.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceRefused, match=r"some\.db is in use. Stop the program"):
            read(path)
    assert len(read(path)[0]) == 2


def test_what_stands_in_the_log_of_a_database_alone_is_read_and_nothing_is_written(
    old: Path,
) -> None:
    path = old_bots.conversations_db(old / "some.db")
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute(
            "INSERT INTO messages (session_id, role, content) VALUES ('s0', 'user', 'last words')"
        )
        other.commit()
        before = {each.name: each.read_bytes() for each in old.iterdir()}
        assert "last words" in texts(read(path)[0])
        assert {each.name: each.read_bytes() for each in old.iterdir()} == before


def test_texts_of_a_database_that_are_not_utf_8_are_marked(old: Path) -> None:
    path = old_bots.conversations_db(old / "some.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE messages SET content = CAST(x'61ff62' AS TEXT) WHERE id = 1")
        db.execute("UPDATE messages SET content = x'00ff' WHERE id = 2")
    talks, remarks = read(path)
    assert texts(talks)[0] == "a\ufffdb"
    assert "some.db, messages, row 2 (1): Its text is bytes and no text." in remarks


def test_links_and_what_is_no_file_are_not_followed(old: Path, tmp_path: Path) -> None:
    old_bots.folder_of_sessions(old)
    outside = old_bots.folder_of_sessions(tmp_path / "outside")
    (old / "link.json").symlink_to(next(outside.iterdir()))
    (old / "folder").symlink_to(outside)
    os.mkfifo(old / "pipe.json")
    talks, remarks = read(old)
    assert len(talks) == 2
    for name in ("link.json", "folder"):
        assert f"{name} (1): It is a link" in remarks
    assert "pipe.json (1): It is no file." in remarks
    with pytest.raises(SourceRefused, match="is neither a file nor a folder"):
        read(old / "pipe.json")
    with pytest.raises(SourceRefused, match="No such file"):
        read(old / "nothing")


def test_what_stands_beside_research_is_named_and_left_where_it_is(old: Path) -> None:
    talks, remarks = read(old_bots.research_folder(old / "lab"))
    assert texts(talks) == [
        "why do ferns curl",
        "they lack water",
        "Meeting: watering\n\na long talk\n\ndaily",
    ]
    assert (talks[0].title, talks[0].said[1].name) == ("why ferns curl", "Botanist")
    for name in ("vector_memory.db", "output/", "config/", "metrics in", "agent_activity in"):
        assert name in remarks


def test_a_database_of_our_own_is_sent_elsewhere(old: Path) -> None:
    path = old / "some.db"
    with closing(sqlite3.connect(path)) as db, db:
        for table in ("alembic_version", "approvals", "ledger", "messages", "votes"):
            db.execute(f"CREATE TABLE {table} (role TEXT, content TEXT, session_id TEXT)")
    with pytest.raises(SourceRefused, match="a database of Threadline itself"):
        read(path)


def test_a_file_that_is_locked_by_a_reader_is_read(old: Path) -> None:
    path = next(old_bots.folder_of_sessions(old).iterdir())
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert len(read(path)[0]) == 1
