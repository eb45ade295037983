#!/usr/bin/env bash
# Set up .venv from the hashed locks and build the package into it. Safe to repeat: finished steps are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${ESCC_VENV:-.venv}
locks=installer/requirements
# What Qt loads to draw, on a screen and without one: library and package.
qt_libraries="libEGL.so.1=libegl1 libGL.so.1=libgl1 libdbus-1.so.3=libdbus-1-3 libfontconfig.so.1=libfontconfig1
libfreetype.so.6=libfreetype6 libglib-2.0.so.0=libglib2.0-0 libX11.so.6=libx11-6 libX11-xcb.so.1=libx11-xcb1
libxkbcommon.so.0=libxkbcommon0 libxkbcommon-x11.so.0=libxkbcommon-x11-0 libxcb-cursor.so.0=libxcb-cursor0
libxcb-glx.so.0=libxcb-glx0 libxcb-icccm.so.4=libxcb-icccm4 libxcb-image.so.0=libxcb-image0
libxcb-keysyms.so.1=libxcb-keysyms1 libxcb-randr.so.0=libxcb-randr0 libxcb-render-util.so.0=libxcb-render-util0
libxcb-render.so.0=libxcb-render0 libxcb-shape.so.0=libxcb-shape0 libxcb-shm.so.0=libxcb-shm0
libxcb-sync.so.1=libxcb-sync1 libxcb-util.so.1=libxcb-util1 libxcb-xfixes.so.0=libxcb-xfixes0
libxcb-xkb.so.1=libxcb-xkb1"

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13}; do
        if "$candidate" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "No Python 3.11, 3.12 or 3.13 found. Install one (Debian 12, Ubuntu 24.04: python3) or name it: make PYTHON=python3.12"
    exit 1
}

missing_packages() {
    local python=$1
    command -v gcc >/dev/null || echo gcc libc6-dev
    "$python" -c 'import pathlib, sysconfig; raise SystemExit(not (pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h").exists())' || echo python3-dev
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    missing_qt_libraries
}

missing_qt_libraries() {
    local known pair
    known=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null) || return 0  # not this kind of system
    for pair in $qt_libraries; do
        grep -q "^[[:space:]]*${pair%%=*} " <<<"$known" || echo "${pair#*=}"
    done
}

install_system_packages() {
    local packages=$1
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "Some system packages are missing. Run this, then repeat: sudo apt-get install -y $packages"
        exit 1
    fi
    say "Installing system packages: $packages"
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
}

# step NAME INPUTS... -- COMMAND: run COMMAND unless the inputs are those of its last success.
step() {
    local name=$1 stamp digest
    shift
    local inputs=()
    while [ "$1" != -- ]; do inputs+=("$1"); shift; done
    shift
    stamp=$venv/.stamp-$name
    digest=$(cat "${inputs[@]}" | sha256sum)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ]; then return; fi
    say "Setting up: $name"
    "$@"
    printf '%s\n' "$digest" >"$stamp"
}

pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input -q "$@"; }
install_locked() { pip install --require-hashes --no-deps -r "$locks/$1.txt"; }
build_reference() {
    # Absolute: pip runs the build in a folder of its own.
    PYTHONPATH=$PWD/installer/build_shims pip install --require-hashes --no-deps --no-build-isolation -r "$locks/reference.txt"
}
build_package() { pip install --no-deps --no-build-isolation -e .; }

python=$(find_python)
packages=$(missing_packages "$python" | tr '\n' ' ')
[ -z "$packages" ] || install_system_packages "$packages"
if [ -d "$venv" ] && ! "$venv/bin/python" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    rm -rf "$venv"
fi
[ -d "$venv" ] || "$python" -m venv "$venv"
step build "$locks/build.txt" -- install_locked build
step main "$locks/main.txt" -- install_locked main
step reference "$locks/reference.txt" "$locks/build.txt" -- build_reference
mapfile -t sources < <(find escc_desktop -name '*.[ch]' | sort)
step package pyproject.toml setup.py "${sources[@]}" -- build_package
