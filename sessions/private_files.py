"""Files that only their owner reads."""

import os
from pathlib import Path


def make_private(path: Path) -> None:
    """Create a file (0600) in its directory (0700) if it is not there; call it in a thread."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
