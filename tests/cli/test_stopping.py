"""SIGTERM in the middle of work: what has begun may finish, and what cannot goes on later."""

import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from textwrap import dedent

import httpx
import pytest

from tests.cli.program import RunningBot, clean_environment, running_bot, write_env
from tests.faults.process import free_port

GRAPH = """
    import asyncio
    from pathlib import Path

    from langchain_core.messages import AIMessage
    from langgraph.graph import START, MessagesState, StateGraph

    HERE = Path(__file__).parent

    async def think(state: MessagesState) -> dict:
        await asyncio.to_thread((HERE / "begun").touch)
        while not await asyncio.to_thread((HERE / "go").exists):
            await asyncio.sleep(0.02)
        return {"messages": [AIMessage("Thought through.")]}

    graph = StateGraph(MessagesState).add_node("think", think).add_edge(START, "think")
"""


def prepare(home: Path, **env: object) -> None:
    (home / "slow.py").write_text(dedent(GRAPH))
    write_env(home, AGENT="slow:graph", **env)


def url_of(bot: RunningBot) -> str:
    words = bot.out.read_text().split()
    return next(word.rstrip(",") for word in words if word.startswith("http://"))


def say(url: str, text: str) -> httpx.Response:
    body = {"user_id": "ann", "message": text}
    return httpx.post(f"{url}/api/chat", json=body, timeout=30)


def until(path: Path) -> None:
    for _ in range(1000):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"{path.name} never came")


def test_a_turn_that_has_begun_finishes_and_is_answered(tmp_path: Path) -> None:
    prepare(tmp_path)
    with ThreadPoolExecutor() as clients, running_bot(tmp_path) as bot:
        url = url_of(bot)
        asked: Future[httpx.Response] = clients.submit(say, url, "Think.")
        until(tmp_path / "begun")
        bot.process.send(signal.SIGTERM)
        while "Stopping." not in bot.out.read_text():
            time.sleep(0.02)
        late = say_while_stopping(url)
        assert late is None or late.status_code == 503
        (tmp_path / "go").touch()
        assert asked.result().json()["reply"] == "Thought through."
        assert bot.process.wait(20) == 0
    assert not list(tmp_path.glob("*.journal"))
    assert ",ann,api," in (tmp_path / "sessions.csv").read_text()


def say_while_stopping(url: str) -> httpx.Response | None:
    """Say something; None if nobody listens any more."""
    try:
        return say(url, "Are you there?")
    except httpx.TransportError:
        return None


def test_a_turn_that_takes_too_long_goes_on_after_the_next_start(tmp_path: Path) -> None:
    prepare(tmp_path, SHUTDOWN_GRACE_SECONDS=0.3)
    with ThreadPoolExecutor() as clients, running_bot(tmp_path) as bot:
        asked = clients.submit(say, url_of(bot), "Think.")
        until(tmp_path / "begun")
        bot.process.send(signal.SIGTERM)
        answer = asked.result()
        assert answer.status_code == 503
        assert "goes on when it is back" in answer.json()["detail"]
        assert bot.process.wait(20) == 0
    assert not list(tmp_path.glob("*.journal"))
    (tmp_path / "go").touch()
    with running_bot(tmp_path) as bot, closing(httpx.Client(base_url=url_of(bot))) as client:
        for _ in range(500):
            mail = client.get("/api/messages", params={"user_id": "ann"}).json()["items"]
            if mail:
                break
            time.sleep(0.02)
        assert [item["text"] for item in mail] == ["Thought through."]


@pytest.mark.parametrize("closed", [False, True], ids=["full", "closed"])
def test_it_serves_and_stops_also_if_nobody_can_read_what_it_says(
    tmp_path: Path, closed: bool
) -> None:
    port = free_port()
    write_env(tmp_path, PORT=port)
    ends = "<&- >&- 2>&-" if closed else ">/dev/full 2>/dev/full"
    bot = subprocess.Popen(
        ["/bin/sh", "-c", f'exec "$0" -P -m bot run {ends}', sys.executable],
        env=clean_environment(tmp_path),
        cwd=tmp_path,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(1000):
            with suppress(httpx.TransportError):
                if httpx.get(f"{url}/ready").status_code == 200:
                    break
            assert bot.poll() is None, "it has ended"
            time.sleep(0.03)
        assert "welcome" in say(url, "thanks").json()["reply"]
    finally:
        bot.terminate()
        assert bot.wait(30) == 0
    assert not list(tmp_path.glob("*.journal"))
    assert ",ann,api," in (tmp_path / "sessions.csv").read_text()
