#!/usr/bin/env bash
# Fetches what Steadypost needs on a bare Debian machine with Python 3.11 or newer and make, and proves that it works.
#   tools/setup.sh          Python packages (pinned, with hashes) and a browser
#   tools/setup.sh tests    the same, and the PostgreSQL programs that the tests start a server of their own with
# Run it as often as you like: what is there is left alone. As root it installs with apt what is missing; anybody else
# is told, once and for everything, what root has to install.
set -euo pipefail
cd "$(dirname "$0")/.."

# libatomic1: Playwright's node is linked with it, and a minimal Debian does not have it.
DRIVER=(libatomic1)
FONTS=(fonts-noto-color-emoji fonts-noto-cjk)
# Debian's build without a window needs a fifth less memory.
LIGHT=(chromium-headless-shell "${FONTS[@]}")
FULL=(chromium "${FONTS[@]}")
DATABASE=(postgresql)

LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT
UPDATED=
LACKING=()

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

quietly() { # command...: what it says is only of interest when it fails
    "$@" >"$LOG" 2>&1 || { tail -n 30 "$LOG" >&2; return 1; }
}

python() {
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        command -v "$candidate" >/dev/null || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$candidate"; return; }
    done
    fail "Python 3.11 or newer is needed and was not found; set PYTHON to one"
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt() { # packages...
    may_install || return 1
    say "installing $* with apt"
    [ -n "$UPDATED" ] || apt-get update -qq >/dev/null 2>&1 || true
    UPDATED=yes
    DEBIAN_FRONTEND=noninteractive quietly \
        apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "$@"
}

packages() {
    [ -e .venv/packages ] && [ .venv/packages -nt requirements.lock ] && [ .venv/packages -nt pyproject.toml ] && return
    local python; python=$(python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt python3-venv || fail "$python cannot make virtual environments; as root: apt-get install python3-venv"
    fi
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    say "installing Python packages (about a minute)"
    # The lock names everything, so nothing is to be resolved: --no-deps keeps pip from looking past it.
    quietly .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
    quietly .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
    touch .venv/packages
}

compiled() {
    # Ours as well as the packages: where Python is told to write no bytecode, every command would compile all it loads.
    .venv/bin/python -m compileall -q steadypost blocks tasks flows deployments || true
}

playwright() { .venv/bin/python -m playwright "$@" >/dev/null 2>&1; }

# A browser is really started through Playwright, and draws a page.
browser_proven() { .venv/bin/python -m steadypost.browser >"$LOG" 2>&1; }

browser() {
    # The lighter build is tried for once, and gone without where it cannot be had.
    if [ ! -e .venv/browser ] && may_install && ! command -v chromium-headless-shell >/dev/null; then
        apt "${DRIVER[@]}" "${LIGHT[@]}" || true
        touch .venv/browser
    fi
    browser_proven && return
    apt "${DRIVER[@]}" "${LIGHT[@]}" && browser_proven && return
    apt "${DRIVER[@]}" "${FULL[@]}" && browser_proven && return
    say "fetching Playwright's own browser"
    # With the libraries it needs, where that asks for nobody's password.
    { may_install && playwright install --with-deps chromium; } || playwright install chromium || true
    browser_proven
}

# A server is really initialised, started and asked.
postgres_proven() { .venv/bin/python -m tests.postgres >"$LOG" 2>&1; }

postgres() {
    postgres_proven && return
    if may_install; then
        # No cluster of the system's own is wanted, only the programs.
        mkdir -p /etc/postgresql-common
        grep -qs create_main_cluster /etc/postgresql-common/createcluster.conf \
            || echo 'create_main_cluster = false' >> /etc/postgresql-common/createcluster.conf
        apt "${DATABASE[@]}" || return 1
    fi
    postgres_proven
}

lacks() { # what, packages...
    say "$1:"
    sed 's/^/setup:     /' "$LOG" >&2
    LACKING+=("${@:2}")
}

packages
compiled
browser || lacks "no browser starts" "${DRIVER[@]}" "${LIGHT[@]}"
if [ "${1:-}" = tests ]; then
    postgres || lacks "PostgreSQL's programs, which the tests need, do not run" "${DATABASE[@]}"
fi
if [ "${#LACKING[@]}" != 0 ]; then
    say "install what is missing, and run this again. As root, on Debian:"
    fail "    apt-get update && apt-get install -y --no-install-recommends ${LACKING[*]}"
fi
# Only now: make takes this file for all that it needs.
touch .venv/ready
