"""The rules of the house: who imports whom, how large files are, what nobody may write."""

import ast
import os
import re
import stat
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import GROUPS
from tests.architecture.sources import CODE, ROOT, files, python_files

LARGEST = 300
GOOD_MEDIAN = 140
UNWANTED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager_base"}
HARMLESS_CALLS = {
    "ContextVar", "Field", "MetaData", "NewType", "Path", "SettingsConfigDict", "Table",
    "TypeAdapter", "TypeVar", "Typer", "add_typer", "Annotated", "BeforeValidator",
    "AfterValidator", "alternatives", "bindparam", "cast", "command", "compile", "dataclass",
    "dict", "field", "files", "frozenset", "get_args", "get_logger", "getLogger", "tuple",
}  # fmt: skip
"""What a module may call while it is imported: it makes a value, and nothing happens."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_go_down_only() -> None:
    """The contracts stand in pyproject.toml."""
    ended = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 broken" in ended.stdout


def test_no_file_has_more_than_300_lines_and_most_are_small() -> None:
    sizes = {name_of(path): len(path.read_text().splitlines()) for path in python_files()}
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
    median = statistics.median(
        size for name, size in sizes.items() if name.split("/")[0] in CODE and size > 1
    )
    assert median <= GOOD_MEDIAN


def test_modules_are_nouns_of_the_domain() -> None:
    unwanted = [name_of(path) for path in python_files() if path.stem in UNWANTED_NAMES]
    assert unwanted == []


def test_nothing_is_a_base_class_by_name_or_a_singleton() -> None:
    found = [
        f"{name_of(path)}: {node.name}"
        for path in python_files(*CODE)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and re.match(r"Base[A-Z]|.*(Singleton|Base)$", node.name)
    ]
    assert found == []


def test_importing_a_module_does_nothing() -> None:
    """At the top of a module stand definitions and values, no loops, no calls with effects."""
    found = []
    for path in python_files(*CODE):
        if "migrations" in path.parts:
            continue  # Alembic's own form
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.For | ast.While | ast.With | ast.Try):
                found.append(f"{name_of(path)}:{node.lineno}")
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                called = node.value.func
                while isinstance(called, ast.Call):
                    called = called.func
                if not (isinstance(called, ast.Attribute) and called.attr in HARMLESS_CALLS):
                    found.append(f"{name_of(path)}:{node.lineno}")
            if isinstance(node, ast.Global):
                found.append(f"{name_of(path)}:{node.lineno}")
    assert found == []


def test_no_function_changes_a_global() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files(*CODE)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_every_module_says_what_it_is_in_a_sentence() -> None:
    silent = [
        name_of(path)
        for path in python_files(*CODE)
        if not (ast.get_docstring(ast.parse(path.read_text())) or "").strip()
    ]
    assert silent == []


def test_every_exception_from_the_linter_has_its_reason() -> None:
    bare = [
        f"{name_of(path)}:{number}"
        for path in python_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"#\s*noqa(?!: [A-Z0-9, ]+ -)", line) and path.parent.name != "architecture"
    ]
    assert bare == []


def texts() -> dict[str, str]:
    found = {}
    for path in files():
        try:
            found[name_of(path)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def test_nothing_is_left_to_do() -> None:
    mark = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    assert [name for name, text in texts().items() if mark.search(text)] == []


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    mark = re.compile(
        r"files\.python" r"hosted|pypi\.org/simple|--(extra-)?index-" r"url|file:///(?!\w*\W)"
        r"|/(home|Users)/(?!\$)\w+/|/work/" r"main|/ro" r"ot/",
    )  # fmt: skip
    found = [(name, hit.group()) for name, text in texts().items() if (hit := mark.search(text))]
    assert found == []


def test_versions_are_exact_and_nothing_else_stands_beside_them() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    names = [pin.partition("==")[0].lower() for pin in pins]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+!-]*", pin) for pin in pins)


@pytest.mark.parametrize("script", ["start.sh", "test.sh", "install.sh", ".ci/run"])
def test_scripts_can_be_run_and_are_valid_shell(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & stat.S_IXUSR
    shell = "bash" if path.read_text().startswith("#!/usr/bin/env bash") else "sh"
    ended = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_every_setting_has_a_sentence_and_an_example() -> None:
    for kind in GROUPS.values():
        for name, field in kind.model_fields.items():
            assert (field.description or "").endswith("."), name
            assert isinstance(field.json_schema_extra, dict), name
            assert field.json_schema_extra["example"], name
