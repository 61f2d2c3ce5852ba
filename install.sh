#!/bin/sh
# Makes .venv and installs Threadline in it, once: ./install.sh [extra...], as in ./install.sh openai
#
# start.sh and test.sh call it each time. It does nothing when .venv/threadline-installed says that
# this pyproject.toml, these constraints and these extras are there. Two at once wait for each other
# (a kill leaves no lock), and an installation that was cut off is made anew.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
cd -- "$root"
venv=.venv
stamp=$venv/threadline-installed
unfinished=$venv/threadline-unfinished

say() { printf '%s\n' "$*" >&2; }

# Every extra that was ever asked for, so that an upgrade keeps them.
extras() {
    { printf '%s\n' "$@"; sed -n 's/^extra //p' "$stamp" 2>/dev/null || :; } | sort -u | sed '/^$/d'
}

wanted() {
    printf 'at %s\n' "$root"
    cksum pyproject.toml constraints.txt
    extras "$@" | sed 's/^/extra /'
}

installed() {
    [ -x $venv/bin/python ] && [ ! -e $unfinished ] && [ "$(cat $stamp 2>/dev/null)" = "$(wanted "$@")" ]
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    without_venv=''
    for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
        command -v "$name" >/dev/null 2>&1 && is_new_enough "$name" || continue
        if "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            python=$name
            return
        fi
        without_venv=${without_venv:-$name}
    done
    if [ -n "$without_venv" ]; then
        version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "Python $version is here, but it cannot make virtual environments. Install its venv module:"
        say "  Debian, Ubuntu:  sudo apt install python$version-venv"
    else
        say 'Threadline needs Python 3.11 or newer, and there is none here. Install it:'
        say '  Debian, Ubuntu:  sudo apt install python3 python3-venv'
        say '  Fedora:          sudo dnf install python3'
        say '  macOS:           brew install python'
        say '  elsewhere:       https://www.python.org/downloads/'
    fi
    exit 1
}

installed "$@" && exit 0

find_python
exec 9<pyproject.toml # the lock lives as long as this shell
"$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null || {
    say 'Another installation is running here; waiting for it.'
    "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
}
installed "$@" && exit 0

wish=$(wanted "$@")
list=$(extras "$@" | paste -s -d , -)
say "Installing Threadline into $root/.venv. This takes about a minute, once."
if [ -e $unfinished ] || ! is_new_enough $venv/bin/python || [ ! -x $venv/bin/pip ]; then
    "$python" -m venv --clear $venv || { say "$python could not make $root/.venv."; exit 1; }
fi
: >$unfinished
PIP_USER=0 $venv/bin/python -m pip install --disable-pip-version-check \
    --constraint constraints.txt --editable ".${list:+[$list]}" >&2 || {
    say 'The installation failed: the lines above say why. Start it again to go on.'
    exit 1
}
printf '%s\n' "$wish" >$stamp
rm $unfinished
