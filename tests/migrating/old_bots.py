"""Files as simpler bots leave them behind: each kind made anew, with words to look for."""

import csv
import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

BEGAN = datetime(2025, 9, 30, 10, 30, tzinfo=UTC)
BCRYPT = "$2b$12$" + "abcdefghijklmnopqrstuv" + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcde"
OUR_COLUMNS = (
    "session_id,user_id,platform,thread_id,created_at,last_activity,pending_approval,metadata"
)


def said(*texts: str) -> list[dict[str, Any]]:
    """Give messages of a person and a bot by turns."""
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]


def session_file(folder: Path, name: str, messages: Sequence[Mapping[str, Any]]) -> Path:
    """Write session_<hash>.json."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    path = folder / f"session_{digest}.json"
    path.write_text(json.dumps({"messages": [*messages], "timestamp": BEGAN.isoformat()}))
    return path


def folder_of_sessions(folder: Path) -> Path:
    """Write a folder of them."""
    session_file(folder, "plants", said("how much water for my fern", "a glass a day"))
    session_file(folder, "tea", said("which tea at night", "chamomile", "thanks", "you're welcome"))
    return folder


def conversations_db(path: Path, *, talks: int = 2, users: Sequence[str] = ()) -> Path:
    """Write conversations.db; with `users`, its sessions say whose they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    user = ", user_id TEXT" if users else ""
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(
            f"""
            CREATE TABLE sessions (session_id TEXT PRIMARY KEY, created_at TEXT,
                last_activity TEXT, message_count INTEGER{user});
            CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT,
                role TEXT, content TEXT, timestamp TEXT);
            """
        )
        for number in range(talks):
            began = BEGAN + timedelta(days=number)
            row = [f"s{number}", began.isoformat(), began.isoformat(), 2]
            row += [users[number % len(users)]] if users else []
            marks = ", ".join("?" * len(row))
            db.execute(f"INSERT INTO sessions VALUES ({marks})", row)
            for role, text in (
                ("user", f"a question about topic{number}"),
                ("assistant", f"an answer about topic{number}"),
            ):
                db.execute(
                    "INSERT INTO messages (session_id, role, content, timestamp) "
                    "VALUES (?, ?, ?, ?)",
                    (f"s{number}", role, text, began.isoformat(" ")),
                )
    return path


def research_folder(folder: Path) -> Path:
    """Write research_sessions.db and what stands beside it."""
    for each in (folder / "output", folder / "config"):
        each.mkdir(parents=True)
    at = BEGAN.isoformat()
    with closing(sqlite3.connect(folder / "research_sessions.db")) as db, db:
        db.executescript(
            """
            CREATE TABLE sessions (session_id TEXT PRIMARY KEY, research_question TEXT,
                status TEXT, created_at TEXT, config TEXT);
            CREATE TABLE metrics (id INTEGER PRIMARY KEY, session_id TEXT, timestamp REAL,
                metric_name TEXT, value REAL);
            CREATE TABLE chat_logs (id INTEGER PRIMARY KEY, session_id TEXT, timestamp REAL,
                log_type TEXT, author TEXT, message TEXT, metadata TEXT);
            CREATE TABLE agent_activity (id INTEGER PRIMARY KEY, session_id TEXT, timestamp REAL,
                agent_id TEXT, activity_type TEXT, message TEXT, status TEXT);
            CREATE TABLE meetings (id INTEGER PRIMARY KEY, session_id TEXT, timestamp REAL,
                participants TEXT, topic TEXT, transcript TEXT, outcome TEXT);
            """
        )
        db.execute("INSERT INTO sessions VALUES ('r1', 'why ferns curl', 'done', ?, '{}')", (at,))
        second = BEGAN.timestamp()
        db.execute("INSERT INTO metrics VALUES (1, 'r1', ?, 'tokens', 12)", (second,))
        logs = (
            ("user", "User", "why do ferns curl"),
            ("communication", "Botanist", "they lack water"),
            ("system", "System", "the run has ended"),
        )
        for number, (kind, author, text) in enumerate(logs):
            values = (second + number, kind, author, text)
            db.execute("INSERT INTO chat_logs VALUES (NULL, 'r1', ?, ?, ?, ?, NULL)", values)
        db.execute(
            "INSERT INTO agent_activity VALUES (1, 'r1', ?, 'a1', 'thinking', 'hm', 'ok')",
            (second,),
        )
        db.execute(
            "INSERT INTO meetings VALUES (1, 'r1', ?, '[]', 'watering', 'a long talk', 'daily')",
            (second + 9,),
        )
    with closing(sqlite3.connect(folder / "vector_memory.db")) as db, db:
        db.execute("CREATE TABLE vectors (id INTEGER PRIMARY KEY, content TEXT, embedding BLOB)")
    (folder / "output" / "report.md").write_text("# Ferns\n")
    (folder / "config" / "config.json").write_text('{"model": "some", "api_key": "k"}')
    return folder


def users_export(path: Path) -> Path:
    """Write an export of users with their passwords and conversations."""
    users = [
        {
            "id": 7,
            "username": "alice",
            "email": "alice@example.org",
            "password": BCRYPT,
            "theme": "dark",
            "conversations": [
                {"id": "c1", "title": "Bread", "created_at": BEGAN.isoformat(),
                 "messages": said("how long to bake", "forty minutes")},
            ],
        },
        {
            "id": 8,
            "username": "bob",
            "email": "bob@example.org",
            "password": BCRYPT,
            "conversations": [
                {"id": "c2", "title": "Bikes", "created_at": BEGAN.isoformat(),
                 "messages": said("which chain oil", "a thin one")},
            ],
        },
    ]  # fmt: skip
    path.write_text(json.dumps({"exported_at": BEGAN.isoformat(), "users": users}))
    return path


def sessions_csv(path: Path, *, last: datetime, header: str = OUR_COLUMNS) -> Path:
    """Write an old sessions.csv with a person of Telegram and one of Discord."""
    times = {"created_at": BEGAN.isoformat(), "last_activity": last.isoformat()}
    people = (
        {"session_id": "abc-1", "user_id": "telegram_456", "platform": "telegram",
         "thread_id": "t-1", "metadata": "{}", **times},
        {"session_id": "abc-2", "user_id": "discord_789", "platform": "discord",
         "thread_id": "t-2", "metadata": "{}", **times},
    )  # fmt: skip
    columns = header.split(",")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for person in people:
            writer.writerow([person.get(each, "") for each in columns])
    return path
