"""The sockets to listen on: TCP, and the control socket that only the owner can open."""

import asyncio
import contextlib
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bot.errors import StartError
from sessions.private_files import make_private_directory

LONGEST_SOCKET_PATH = 100
"""Bytes that the name of a unix socket may have on every system."""

BACKLOG = 1024


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """Give a name for a unix socket that is short enough to bind or connect to.

    A long one is reached through its open directory. Used by the server and by who calls it.

    Raises:
        StartError: the path is too long, and this system has no such way.
    """
    plain = os.fspath(path)
    if len(os.fsencode(plain)) <= LONGEST_SOCKET_PATH:
        yield plain
        return
    if sys.platform != "linux":
        raise StartError(f"The path of the control socket is too long here: {plain}")
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


@asynccontextmanager
async def control_socket(path: Path) -> AsyncIterator[socket.socket]:
    """Listen at `path`, for the owner of the file alone. What a dead process left is replaced.

    Raises:
        StartError: a process answers there already, or something else lies there.
    """
    await asyncio.to_thread(_clear, path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        ours = await asyncio.to_thread(_bind, listener, path)
        yield listener
    finally:
        listener.close()
    await asyncio.to_thread(_remove, path, ours)


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        make_private_directory(path.parent)
        return
    if not stat.S_ISSOCK(mode):
        raise StartError(f"{path} is in the way: it is no socket. Move it elsewhere.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, reachable(path) as name:
        probe.settimeout(2)
        try:
            probe.connect(name)
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise StartError(f"{path} cannot be looked at: {error.strerror}.") from error
    raise StartError(f"Another Threadline answers on {path}. End that one first.")


def _bind(listener: socket.socket, path: Path) -> tuple[int, int]:
    with reachable(path) as name:
        try:
            listener.bind(name)
        except OSError as error:
            raise StartError(f"{path} cannot be made: {error.strerror}.") from error
    path.chmod(0o600)  # before it listens, so nobody is let in by other rights
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return _identity(path)


def _remove(path: Path, ours: tuple[int, int]) -> None:
    with contextlib.suppress(FileNotFoundError):
        if _identity(path) == ours:
            path.unlink()


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


async def tcp_sockets(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of `host`; with port 0 on one free port for all.

    Raises:
        StartError: the port is taken, or the host is not one of this machine.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise StartError(f"HOST={host} is not a name or address that can be found.") from error
    listeners: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((entry[0], entry[4]) for entry in found):
            wanted = port or (listeners[0].getsockname()[1] if listeners else 0)
            try:
                listeners.append(_listener(family, (address[0], wanted, *address[2:])))
            except OSError as error:
                if not listeners or family != socket.AF_INET6:  # IPv6 may be switched off
                    raise StartError(_in_words(error, host, port)) from error
    except BaseException:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def _listener(family: int, address: tuple[object, ...]) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle's delay on: 40 ms for every answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _in_words(error: OSError, host: str, port: int) -> str:
    match error:
        case OSError(errno=98 | 48):
            return f"Port {port} on {host} is taken by another program. End it, or set PORT."
        case PermissionError():
            return f"Port {port} needs rights that this account does not have. Set PORT."
        case _:
            return f"HOST={host} with PORT={port} cannot be listened on: {error.strerror}."
