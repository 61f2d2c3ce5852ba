"""Where the server listens: a port, and a socket that only its owner can open."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import httpx
import pytest

from adapters.contract import Accepted, Answer, Reply
from bot.errors import StartError
from bot.web.options import ApiKey, WebOptions
from bot.web.sockets import reachable, tcp_sockets
from tests.web.scripted import Line, served


def script(_: object) -> list[Reply]:
    return [Answer("a1", "Yes")]


def at(path: Path, port: int = 0) -> WebOptions:
    keys = (ApiKey("shop", "app", "secret"),)
    return WebOptions(port=port, keys=keys, control_socket=path, stop_seconds=1)


async def say_over(path: Path) -> httpx.Response:
    with reachable(path) as name:
        transport = httpx.AsyncHTTPTransport(uds=name)
        async with httpx.AsyncClient(transport=transport, base_url="http://threadline") as client:
            return await client.post("/api/chat", json={"user_id": "me", "message": "Hi"})


async def test_the_control_socket_is_the_operators_and_needs_no_key(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(script, at(path)) as side:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (await say_over(path)).status_code == 200
        assert side.bot.inbound[0].sender.person == "api:me"
        assert (await side.say()).status_code == 401  # over TCP a key is needed
    assert not path.exists()


async def test_a_control_socket_far_down_in_the_tree_works_too(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 80) / ("b" * 80) / "control.sock"
    async with served(script, at(path)):
        assert (await say_over(path)).status_code == 200
    assert not path.exists()


async def test_the_socket_of_a_dead_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(path))
    async with served(script, at(path)):
        assert (await say_over(path)).status_code == 200


async def test_the_socket_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(script, at(path)):
        with pytest.raises(StartError, match="Another Threadline"):
            async with served(script, at(path)):
                pass
        assert (await say_over(path)).status_code == 200


async def test_a_file_in_place_of_the_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("mine")
    with pytest.raises(StartError, match="no socket"):
        async with served(script, at(path)):
            pass
    assert path.read_text() == "mine"


async def test_a_taken_port_stops_the_start_with_a_sentence() -> None:
    async with served(script) as side:
        with pytest.raises(StartError, match=f"Port {side.port} on 127.0.0.1 is taken"):
            async with served(script, WebOptions(port=side.port)):
                pass


async def test_a_host_that_does_not_exist_stops_the_start_with_a_sentence() -> None:
    options = WebOptions(host="nowhere.invalid", port=0, keys=(ApiKey("a", "app", "b"),))
    with pytest.raises(StartError, match=r"HOST=nowhere\.invalid"):
        async with served(script, options):
            pass


async def test_localhost_is_served_under_the_same_port_on_all_its_addresses() -> None:
    async with served(script, WebOptions(host="localhost", port=0, stop_seconds=1)) as side:
        assert side.url == f"http://localhost:{side.port}"
        assert (await side.say()).status_code == 200


async def test_answers_are_sent_without_delay() -> None:
    (listener,) = await tcp_sockets("127.0.0.1", 0)
    with listener, socket.create_connection(listener.getsockname()):
        loop = asyncio.get_running_loop()
        accepted, _ = await loop.sock_accept(listener)
        transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, accepted)
        socket_in_use = transport.get_extra_info("socket")
        assert socket_in_use.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        transport.close()


async def test_a_stop_does_not_wait_for_ever_for_an_open_stream() -> None:
    def endless(_: object) -> list[Line]:
        return [Accepted("m1", "s1", "t1"), asyncio.Event()]

    client = httpx.AsyncClient()
    async with client, served(endless) as side:
        request = client.build_request(
            "POST",
            f"{side.url}/api/chat",
            json={"user_id": "me", "message": "Hi"},
            headers={"Accept": "text/event-stream"},
        )
        response = await client.send(request, stream=True)
        assert response.status_code == 200
        left = side.bot.left
    await asyncio.wait_for(left.wait(), 5)
    await response.aclose()
