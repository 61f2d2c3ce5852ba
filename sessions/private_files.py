"""Files and directories that only their owner reads."""

import os
import shutil
from pathlib import Path


def make_private(path: Path) -> None:
    """Create a file (0600) and its directory (0700) if they are not there; call it in a thread."""
    make_private_directory(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def write_private(path: Path, content: bytes) -> None:
    """Write a whole file that only its owner may read; it is durable on return.

    Whoever dies meanwhile leaves what was there before.
    """
    make_private_directory(path.parent)
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_directory(path.parent)


def write_private_copy(source: Path, path: Path) -> None:
    """Copy a file of any size into a new one that only its owner may read; durable on return."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy, source.open("rb") as file:
        shutil.copyfileobj(file, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_directory(path: Path) -> None:
    """Create a directory and what is missing above it, all for their owner alone."""
    if not path.parent.exists():
        make_private_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
