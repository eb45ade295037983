#!/usr/bin/env bash
# Pack the program into dist/escc-desktop and that into a .deb for Debian 12, Ubuntu 24.04 and later. Run by `make deb`.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${ESCC_VENV:-.venv}
work=build/deb
say() { printf '%s\n' "$*" >&2; }

for tool in dpkg-deb readelf zstd; do
    command -v "$tool" >/dev/null || { say "Missing: $tool. Run: sudo apt-get install -y dpkg binutils zstd"; exit 1; }
done

pack_tools() {
    local stamp=$work/venv/.stamp digest
    digest=$(sha256sum <installer/requirements/deb.txt)
    [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ] && return
    say "Setting up the packing tools"
    rm -rf "$work/venv"
    "$venv/bin/python" -m venv "$work/venv"
    "$work/venv/bin/pip" install -q --disable-pip-version-check --no-input --require-hashes --no-deps -r installer/requirements/deb.txt
    # The parts of the program come from its own locked environment; a plain path line leaves its editable install out.
    "$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' \
        >"$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/program.pth"
    printf '%s\n' "$digest" >"$stamp"
}

install_program() {
    say "Building the program itself"
    rm -rf "$work/wheel" build/lib build/bdist.* build/temp.*  # an older build would be packed again
    "$venv/bin/pip" wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w "$work/wheel" .
    "$work/venv/bin/pip" install -q --disable-pip-version-check --no-input --no-deps --no-index --force-reinstall "$work"/wheel/*.whl
}

mkdir -p "$work"
pack_tools
install_program
say "Packing; this takes some minutes"
begin=$SECONDS
rm -rf dist/escc-desktop
"$work/venv/bin/pyinstaller" --noconfirm --log-level WARN --distpath dist --workpath "$work/pyinstaller" installer/deb/escc.spec
say "Packed in $((SECONDS - begin)) s: $(du -sh dist/escc-desktop | cut -f1)"
"$work/venv/bin/python" installer/deb/package.py --program dist/escc-desktop --taken "$work/taken.json" --tree "$work/tree" --out dist
