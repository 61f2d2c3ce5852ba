#!/bin/sh
# Starts Threadline: ./start.sh runs the bot, ./start.sh COMMAND any of its commands (--help).
#
# The first start installs it (install.sh) and writes .env. THREADLINE_HOME is where .env, the
# sessions and the data are: by default the directory of this file, wherever it is called from.
set -eu

self=$0
while [ -L "$self" ]; do
    target=$(readlink -- "$self")
    case $target in
        /*) self=$target ;;
        *) self=$(dirname -- "$self")/$target ;;
    esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd -P)
export THREADLINE_HOME="${THREADLINE_HOME:-$root}"

sh "$root/install.sh"

if [ ! -e "$THREADLINE_HOME/.env" ]; then
    (umask 077 && mkdir -p -- "$THREADLINE_HOME" && cp -- "$root/.env.example" "$THREADLINE_HOME/.env") &&
        printf '%s\n' "Wrote $THREADLINE_HOME/.env: the settings, each with its default." >&2
fi

[ $# -gt 0 ] || set -- run
# -P: a directory named bot where the caller stands is not taken for ours.
exec "$root/.venv/bin/python" -P -m bot "$@"
