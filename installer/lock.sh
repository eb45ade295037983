#!/usr/bin/env bash
# Resolve requirements/*.in into locks that carry versions and hashes, and no address. Needs uv on the path.
set -euo pipefail
cd "$(dirname "$0")/requirements"
compile() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate "$@"; }
compile main.in -o main.txt
compile build.in -c main.txt -o build.txt
compile --no-deps reference.in -o reference.txt
compile deb.in -c main.txt -c build.txt -o deb.txt
! grep -n '://' ./*.txt
