"""start.sh and install.sh, with a project so small that installing it takes no network."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "cat", "cksum", "cp", "dirname", "env", "mkdir", "paste", "readlink", "rm", "sed",
         "sort", "touch")  # fmt: skip

PROJECT = """\
[build-system]
requires = []
build-backend = "building"
backend-path = ["."]

[project]
name = "threadline"
version = "0.1.0"
[project.optional-dependencies]
test = []
openai = []
"""

BUILDING = """\
import zipfile
from pathlib import Path

def get_requires_for_build_editable(config_settings=None):
    return []

def build_editable(directory, config_settings=None, metadata_directory=None):
    with open("builds", "a") as counted:
        counted.write("built\\n")
    if Path("break").exists():
        raise SystemExit("broken on purpose")
    name = "threadline-0.1.0-py3-none-any.whl"
    info = "threadline-0.1.0.dist-info"
    with zipfile.ZipFile(Path(directory) / name, "w") as wheel:
        wheel.writestr("threadline.pth", str(Path.cwd()))
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: threadline\\n"
                       "Version: 0.1.0\\nProvides-Extra: test\\nProvides-Extra: openai\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\n"
                       "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "a place with spaces"
    (root / "bot").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "building.py").write_text(BUILDING)
    (root / "constraints.txt").write_text("")
    (root / ".env.example").write_text("# PORT=8000\n")
    (root / "bot" / "__init__.py").write_text("")
    (root / "bot" / "__main__.py").write_text(
        "import os, sys; print(sys.argv[1:], os.environ['THREADLINE_HOME'], os.getcwd())"
    )
    for script in ("start.sh", "install.sh"):
        shutil.copy2(ROOT / script, root)
    return root


def environment(**more: str) -> dict[str, str]:
    """Let the Python that runs the tests be the first that is found."""
    here = str(Path(sys.executable).resolve().parent)
    kept = {name: value for name, value in os.environ.items() if name != "THREADLINE_HOME"}
    return {**kept, "PATH": f"{here}:{os.environ['PATH']}", "PIP_NO_INDEX": "1", **more}


def run(*command: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=environment(**more), capture_output=True, text=True, check=False
    )


def builds(project: Path) -> int:
    file = project / "builds"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_the_first_start_installs_and_later_ones_do_not(project: Path, tmp_path: Path) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "__init__.py").write_text("raise SystemExit('the wrong bot')")
    first = run(project / "start.sh", cwd=tmp_path)
    assert first.stdout == f"['run'] {project} {tmp_path}\n", first.stderr
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600
    (project / ".env").write_text("PORT=1\n")
    link = tmp_path / "threadline"
    link.symlink_to("a place with spaces/start.sh")
    later = run(link, "sessions", "apply", "a file.csv", cwd=tmp_path)
    assert later.stdout.startswith("['sessions', 'apply', 'a file.csv']")
    assert later.stderr == ""
    home = tmp_path / "home"
    elsewhere = run(link, "config", cwd=tmp_path, THREADLINE_HOME=str(home))
    assert elsewhere.stdout.startswith(f"['config'] {home} ")
    assert (home / ".env").exists()
    assert builds(project) == 1
    assert (project / ".env").read_text() == "PORT=1\n"


def test_it_installs_again_when_what_it_needs_has_changed(project: Path) -> None:
    assert run(project / "install.sh", cwd=project).returncode == 0
    with (project / "pyproject.toml").open("a") as file:
        file.write("# newer\n")
    assert run(project / "start.sh", cwd=project).stdout.startswith("['run']")
    assert builds(project) == 2
    assert run(project / "install.sh", "test", cwd=project).returncode == 0
    assert builds(project) == 3
    (project / "constraints.txt").write_text("# newer\n")
    assert run(project / "start.sh", cwd=project).returncode == 0
    assert run(project / "install.sh", "test", cwd=project).returncode == 0
    assert builds(project) == 4, "an extra that was asked for once is kept"


def test_an_installation_that_was_cut_off_is_made_anew(project: Path) -> None:
    (project / "break").touch()
    broken = run(project / "start.sh", cwd=project)
    assert (broken.returncode, broken.stdout) == (1, "")
    assert "Start it again" in broken.stderr
    (project / "break").unlink()
    (project / ".venv" / "left-behind").touch()
    assert run(project / "start.sh", cwd=project).stdout.startswith("['run']")
    assert not (project / ".venv" / "left-behind").exists()


def test_two_starts_at_once_install_once(project: Path) -> None:
    both = [
        subprocess.Popen(
            [project / "start.sh"], cwd=project, env=environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=50) for process in both]
    assert [out.startswith("['run']") for out, _ in said] == [True, True], said
    assert builds(project) == 1


def only_these_tools(directory: Path, **pythons: str) -> str:
    directory.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (directory / tool).symlink_to(found)
    for name, script in pythons.items():
        path = directory / name.replace("_", ".")
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    return str(directory)


def test_without_python_it_says_what_to_install(project: Path, tmp_path: Path) -> None:
    path = only_these_tools(tmp_path / "tools", python3="exit 1", python="exit 1")
    said = run(project / "start.sh", cwd=project, PATH=path)
    assert (said.returncode, said.stdout) == (1, "")
    assert "needs Python 3.11 or newer" in said.stderr
    assert "apt install" in said.stderr


def test_without_its_venv_module_it_says_which_package_has_it(
    project: Path, tmp_path: Path
) -> None:
    script = 'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac'
    path = only_these_tools(tmp_path / "tools", python3=script)
    said = run(project / "start.sh", cwd=project, PATH=path)
    assert said.returncode == 1
    assert "apt install python3.11-venv" in said.stderr
