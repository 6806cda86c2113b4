#!/bin/sh
# Check that the wheel is complete: build it, install it into a new venv with the pinned packages, and use it from an
# empty folder: tests/packaging/check_wheel.sh (needs `make setup-dev`; works with any PYTHON=…)
set -eu
case "${1:-}" in -h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;; esac
root=$(cd "$(dirname "$0")/../.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { printf '→ %s\n' "$*"; }

step "Building the wheel"
"$root/.venv/bin/python" -m build --wheel --no-isolation --outdir "$work/dist" "$root" >"$work/build.log" 2>&1 ||
    { cat "$work/build.log"; exit 1; }
wheel=$(echo "$work"/dist/*.whl)

step "Checking that it has every file of the packages"
(cd "$root" && git -c core.quotePath=false ls-files --cached --others --exclude-standard firstword services schemas) | sort >"$work/tracked"
"$root/.venv/bin/python" -m zipfile --list "$wheel" | awk 'NR > 1 { print $1 }' | grep -v '\.dist-info/' | sort >"$work/packed"
if ! missing=$(comm -23 "$work/tracked" "$work/packed") || [ -n "$missing" ]; then
    printf 'missing from the wheel:\n%s\n' "$missing"
    exit 1
fi

step "Installing it into a new venv"
"${PYTHON:-$root/.venv/bin/python}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$root/requirements.txt"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index "$wheel"
"$work/venv/bin/python" -m pip check

# Use nothing of the checkout: another folder, no PYTHONPATH, another home folder.
mkdir "$work/empty" "$work/home"
cd "$work/empty"
use() {
    step "firstword $*"
    env -u PYTHONPATH HOME="$work/home" "$work/venv/bin/firstword" "$@"
}
use --help
use --version
