#!/bin/sh
# Usage: install.sh STAMP [GROUP...]: installs hubtrace and dependency groups into .venv, then
# touches STAMP. Uses uv where it is installed, else Python's own venv and pip. Without a group it
# installs what `hubtrace demo` shows: the base and the statistics of its report.
set -eu
stamp=$1
shift
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "hubtrace needs Python 3.11 or newer; $PYTHON is $("$PYTHON" --version 2>&1)." >&2
    echo "Name another one like this: make PYTHON=python3.12 $(basename "$stamp")" >&2
    exit 2
}
groups="" what=".[statistics]"
for group in "$@"; do
    groups="$groups --group $group"
    [ "$group" = docs ] || what=".[all]" # the reference is made from the base
done
echo "setting up .venv: hubtrace $*" >&2
if command -v uv >/dev/null 2>&1; then
    [ -d .venv ] || uv venv --quiet --python "$PYTHON" .venv
    # shellcheck disable=SC2086 # the groups are words on purpose
    VIRTUAL_ENV=.venv uv pip install --quiet --constraint constraints.txt --editable "$what" $groups
else
    [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
    # Older pips know no dependency groups.
    .venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
    # shellcheck disable=SC2086
    .venv/bin/python -m pip install --quiet --constraint constraints.txt --editable "$what" $groups
fi
touch "$stamp"
