#!/usr/bin/env bash
# Installs the servers of networks that the tests publish to for real, into var/networks/. Run it as often as you like.
# Where Node is missing or too old nothing is installed, and the tests that need it say so and are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'networks: %s\n' "$*" >&2; }

has_node() {
    command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null
}

bluesky() {
    local from=rehearsal/real/bluesky.json to=var/networks/bluesky
    if [ -e "$to/ready" ] && [ "$to/ready" -nt "$from" ]; then return; fi
    say "installing Bluesky's own server (some 470 packages; minutes where one of them has to be compiled)"
    mkdir -p "$to"
    cp "$from" "$to/package.json"
    npm install --prefix "$to" --no-package-lock --no-audit --no-fund --loglevel=error
    touch "$to/ready"
}

prism() {
    local to=var/networks/prism
    if [ -x "$to/node_modules/.bin/prism" ]; then return; fi
    say "installing Prism, which holds requests against X's own description of its API"
    mkdir -p "$to"
    npm install --prefix "$to" --no-package-lock --no-audit --no-fund --loglevel=error "@stoplight/prism-cli@5.14.2"
}

if has_node; then
    bluesky
    prism
else
    say "Node 20 or newer is not here: Bluesky's own server and Prism are left out"
fi
