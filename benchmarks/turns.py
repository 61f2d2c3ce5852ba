"""Whole turns through POST /api/chat, everything durable, beside bare LangGraph."""

import argparse
import asyncio
import cProfile
import io
import json
import os
import pstats
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.turn_clients import Chat, Threads, ask
from benchmarks.turn_peers import in_process, run_threadline

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = (64, 1)
THREADLINE, BARE, DEV, CEILING = "threadline", "(a) bare FastAPI", "(b) langgraph dev", "(c) agent"


@dataclass(frozen=True)
class Figure:
    """What was measured of one peer with so many clients."""

    per_second: float
    median_ms: float
    p99_ms: float


def figure(took: Sequence[float], seconds: float) -> Figure:
    ordered = sorted(took)
    p99 = ordered[int(len(ordered) * 0.99)] * 1000
    return Figure(len(took) / seconds, statistics.median(ordered) * 1000, p99)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], home: Path, port: int, ready: str) -> Iterator[None]:
    """Run a server until the ``with`` ends; it is there when `ready` answers."""
    env = {
        **os.environ,
        "THREADLINE_HOME": str(home),
        "PORT": str(port),
        "PYTHONPATH": str(ROOT),
        "LANGSMITH_TRACING": "false",
        "MESSAGES_PER_MINUTE": "0",
    }
    with (home / "out.log").open("ab") as out:
        server = subprocess.Popen(command, cwd=home, env=env, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 60
        while not _answers(f"http://127.0.0.1:{port}{ready}"):
            if server.poll() is not None or time.monotonic() > until:
                raise SystemExit((home / "out.log").read_text()[-2000:])
            time.sleep(0.1)
        time.sleep(0.5)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status < 500)
    except OSError as error:
        return getattr(error, "code", 500) == 404


def measure(name: str, home: Path, clients: int, seconds: float) -> Figure:
    """Measure one peer in a process of its own."""
    if name == CEILING:
        return figure(asyncio.run(in_process(clients, seconds)), seconds)
    port = free_port()
    make: Callable[[], Chat | Threads] = lambda: Chat(port)  # noqa: E731 - one of two
    peers = [sys.executable, "-m", "benchmarks.turn_peers"]
    if name == THREADLINE:
        command, ready = [*peers, "threadline"], "/ready"
    elif name == BARE:
        command, ready = [*peers, "bare", str(port)], "/docs"
    else:
        command, ready = langgraph_dev(home, port), "/ok"
        make = lambda: Threads(port)  # noqa: E731 - the other
    with serving(command, home, port, ready):
        return figure(asyncio.run(ask(make, clients, seconds)), seconds)


def langgraph_dev(home: Path, port: int) -> list[str]:
    """Write what `langgraph dev` wants to have, and give the command."""
    graph = {"agent": f"{ROOT}/benchmarks/turn_peers.py:graph"}
    config = {"dependencies": [str(ROOT)], "graphs": graph}
    (home / "langgraph.json").write_text(json.dumps(config))
    options = ["--no-browser", "--no-reload", "--port", str(port)]
    return [find_langgraph(), "dev", *options]


def find_langgraph() -> str:
    """Find the command of langgraph-cli[inmem]: LANGGRAPH names it, or it is installed."""
    return os.environ.get("LANGGRAPH") or shutil.which("langgraph") or ""


def profile(home: Path, seconds: float) -> str:
    """Say where the time of the server goes, with 64 clients."""
    port = free_port()
    stats = home / "profile"
    code = f"import cProfile; from benchmarks.turns import profiled; profiled({str(stats)!r})"
    with serving([sys.executable, "-c", code], home, port, "/ready"):
        asyncio.run(ask(lambda: Chat(port), 64, seconds))
    text = io.StringIO()
    shown = pstats.Stats(str(stats), stream=text)
    shown.sort_stats("tottime").print_stats(25)
    shown.sort_stats("cumtime").print_stats(r"/(bot|adapters|sessions|langgraph|fastapi)/", 40)
    return text.getvalue()


def profiled(path: str) -> None:
    """Run the bot under the profiler: of its event loop, which is what is short."""
    profiler = cProfile.Profile()
    vars(os)["_exit"] = sys.exit  # the bot ends without looking back; here something is left to do
    try:
        profiler.runcall(run_threadline)
    finally:
        profiler.dump_stats(path)


def main() -> None:
    """Measure all in turns, and print the table, the ratios and which aims are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=2, help="the best of each counts")
    parser.add_argument("--profile", action="store_true", help="say where the time goes instead")
    options = parser.parse_args()
    if options.profile:
        with tempfile.TemporaryDirectory() as home:
            print(profile(Path(home), options.seconds))
        return
    names = [THREADLINE, BARE, CEILING]
    if find_langgraph():
        names.append(DEV)
    else:
        print("(b) is left out: langgraph-cli[inmem] is not installed; LANGGRAPH may name it.")
    best: dict[tuple[str, int], Figure] = {}
    for _ in range(options.rounds):
        for name in names:
            for clients in CLIENTS:
                with tempfile.TemporaryDirectory() as home:
                    got = measure(name, Path(home), clients, options.seconds)
                known = best.get((name, clients), got)
                best[name, clients] = max(got, known, key=lambda each: each.per_second)
    report(best, names)


def report(best: dict[tuple[str, int], Figure], names: Sequence[str]) -> None:
    print(f"{'':20}{'64 clients':>14}{'p99':>10}{'1 client p50':>15}{'p99':>10}")
    for name in names:
        many, one = best[name, 64], best[name, 1]
        print(
            f"{name:20}{many.per_second:>10.0f} /s{many.p99_ms:>8.1f} ms"
            f"{one.median_ms:>12.2f} ms{one.p99_ms:>7.1f} ms"
        )
    ours, bare = best[THREADLINE, 64].per_second, best[BARE, 64].per_second
    aim("64 clients, times (a)", ours / bare, at_least=1)
    if (DEV, 64) in best:
        aim("64 clients, times (b)", ours / best[DEV, 64].per_second, at_least=2.5)
    print(f"64 clients, part of the ceiling (c): {ours / best[CEILING, 64].per_second:.2f}")
    ratio = best[THREADLINE, 1].median_ms / best[BARE, 1].median_ms
    print(f"1 client, median times (a): {ratio:.2f}; aim: at most 2: {met(ratio <= 2)}")


def aim(what: str, ratio: float, *, at_least: float) -> None:
    print(f"{what}: {ratio:.2f}; aim: at least {at_least}: {met(ratio >= at_least)}")


def met(yes: bool) -> str:
    return "met" if yes else "missed"


if __name__ == "__main__":
    main()
