"""Files and directories that only their owner reads."""

import os
from pathlib import Path


def make_private(path: Path) -> None:
    """Create a file (0600) and its directory (0700) if they are not there; call it in a thread."""
    make_private_directory(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def make_private_directory(path: Path) -> None:
    """Create a directory and what is missing above it, all for their owner alone."""
    if not path.parent.exists():
        make_private_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
