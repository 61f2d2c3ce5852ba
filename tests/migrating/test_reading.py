"""Files of other bots are recognised by what is in them, in their many layouts."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sessions.migrating.columns import time_of
from sessions.migrating.found import Remarks
from sessions.migrating.recognising import recognise
from sessions.migrating.whose import Whose
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


# ---------------------------------------------------------------- layouts


@pytest.mark.parametrize(
    "header",
    [
        old_bots.OUR_COLUMNS,
        "session_id,user_id,platform,thread_id,created_at,last_activity,metadata,notes",
        "user_id,session_id,last_activity,platform,created_at",
        "thread_id,user_id,last_activity",
    ],
)
def test_older_layouts_of_a_file_of_sessions_are_understood(old: Path, header: str) -> None:
    path = old_bots.sessions_csv(old / "some.csv", last=LONG_AGO, header=header)
    remarks = Remarks()
    (source,) = recognise(path, old, remarks)
    found = list(source.sessions(remarks))
    assert [Whose().of("", each.who) for each in found] == ["telegram:456", "discord:789"]
    assert [each.session.last_activity for each in found] == [LONG_AGO, LONG_AGO]
    assert [each.what for each in remarks.all()] == (
        ["column notes of some.csv"] * ("notes" in header)
    )


def test_a_table_of_what_was_said_is_understood(old: Path) -> None:
    path = old / "log.csv"
    path.write_text(
        "timestamp;chat_user;session;role;message\n"
        "2025-09-30 10:00:00;x;1;human;good\n1759226401;x;1;bot;morning\n"
    )
    talks, _ = read(path)
    assert texts(talks) == ["good", "morning"]
    assert [each.role for each in talks[0].said] == ["user", "assistant"]


@pytest.mark.parametrize(
    ("found", "who", "words"),
    [
        ({"messages": said("a", "b"), "timestamp": 1759226400}, (), ["a", "b"]),
        ({"id": 9, "user_id": "telegram_5", "messages": said("a")}, ("telegram_5",), ["a"]),
        ([{"messages": said("a", "b")}], (), ["a", "b"]),
        ({"conversations": {"c1": {"messages": said("a")}}}, (), ["a"]),
        (
            {"users": {"7": {"username": "al", "chats": {"c": said("a", "b")}}}},
            ("7", "al"),
            ["a", "b"],
        ),
        (
            {
                "users": [{"id": 7, "username": "al", "password": old_bots.BCRYPT}],
                "conversations": [{"id": "c", "user_id": 7}],
                "messages": [{"conversation_id": "c", "role": "user", "content": "a"}],
            },
            ("7", "al"),
            ["a"],
        ),
        ([{"id": 7, "password": old_bots.BCRYPT, "conversations": []}], None, []),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "a"}, {"image": 1}]}
                ]
            },
            (),
            ["a"],
        ),
    ],
)
def test_json_in_its_many_forms_is_understood(
    old: Path, found: Any, who: tuple[str, ...] | None, words: list[str]
) -> None:
    talks, _ = read(as_json(old, found))
    assert texts(talks) == words
    assert [talk.who for talk in talks] == ([] if who is None else [who])


def test_a_database_of_one_table_with_questions_and_answers_is_understood(old: Path) -> None:
    path = old / "bot.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE log (user_id INTEGER, question TEXT, answer TEXT, ts INTEGER)")
        db.execute("INSERT INTO log VALUES (5, 'a', 'b', 1759226400000)")
    talks, _ = read(path)
    assert (texts(talks), talks[0].who) == (["a", "b"], ("5",))
    assert talks[0].said[0].at == datetime.fromtimestamp(1759226400, UTC)


@pytest.mark.parametrize(
    "written", ["yesterday", "", None, True, "1e400", 10**30, "9999-99-99", []]
)
def test_what_is_no_time_is_none(written: Any) -> None:
    assert time_of(written) is None


# ---------------------------------------------------------------- whose it is


@pytest.mark.parametrize(
    ("whose", "why"),
    [
        (Whose(person="telegram:bob"), "people of Telegram have numbers"),
        (Whose(person="bob"), "names nobody; say it as telegram:12345"),
        (Whose(person="memory:a\0b"), "names nobody"),
        (Whose(people={"alice": "discord:"}), "names nobody"),
        (Whose(platform="Some Where"), "is no platform"),
    ],
)
def test_a_person_that_cannot_be_one_is_refused(whose: Whose, why: str) -> None:
    assert why in whose.problem()


@pytest.mark.parametrize(
    ("whose", "names", "person"),
    [
        (Whose(), ("telegram_5",), "telegram:5"),
        (Whose(), ("telegram:5",), "telegram:5"),
        (Whose(), ("5",), ""),
        (Whose(person="telegram:9"), ("5",), ""),
        (Whose(person="telegram:9"), (), "telegram:9"),
        (Whose(platform="discord"), ("5", "al"), "discord:5"),
        (Whose(platform="telegram"), ("al",), ""),
        (Whose(platform="api:shop"), ("al",), "api:shop/al"),
        (Whose(platform="telegram", people={"al": "discord:7"}), ("5", "al"), "discord:7"),
    ],
)
def test_names_become_people_as_the_operator_says(
    whose: Whose, names: tuple[str, ...], person: str
) -> None:
    assert whose.of("", names) == person
