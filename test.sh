#!/usr/bin/env bash
# Everything that has to hold, from nothing: style, types, import rules, tests. Arguments go to pytest.
set -euo pipefail

root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
cd -- "$root"
sh ./install.sh test

step() {
    printf '\n== %s\n' "$*"
    ".venv/bin/$@"
}

step ruff check .
step ruff format --check .
step mypy
step lint-imports --no-cache
# Three at once for two cores: many tests wait for a process or a clock. Who is done first takes from
# the others.
step python -m pytest -n 3 --dist worksteal "$@"
