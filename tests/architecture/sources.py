"""The files of the project, as git would take them: nothing ignored, nothing built."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("bot", "adapters", "sessions", "config")


def files() -> list[Path]:
    """Return every file that is tracked or would be: also where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not _hidden(path.relative_to(ROOT))]
    return sorted(path for path in found if path.is_file())


def python_files(*parts: str) -> list[Path]:
    """Return the Python files of these directories, by default of all."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and (not parts or path.relative_to(ROOT).parts[0] in parts)
    ]


def _hidden(path: Path) -> bool:
    return any(part in {".git", ".venv", "data", "__pycache__"} for part in path.parts)
