#!/usr/bin/env bash
# Fetches what Steadypost needs on a bare Debian machine with Python 3.11 or newer and make.
#   tools/setup.sh          Python packages (pinned, with hashes) and a browser
#   tools/setup.sh tests    the same, and the PostgreSQL programs that the tests start a server of their own with
# Run it as often as you like: what is there is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

python() {
    for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$candidate"; return; }
    done
    fail "Python 3.11 or newer is needed and was not found; set PYTHON to one"
}

apt() { # packages...; only as root, and only where apt is
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
    say "installing $* with apt"
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >/dev/null 2>&1
}

packages() {
    [ -e .venv/ready ] && [ .venv/ready -nt requirements.lock ] && [ .venv/ready -nt pyproject.toml ] && return
    local python; python=$(python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt python3-venv || fail "$python cannot make virtual environments: install python3-venv"
    fi
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    say "installing Python packages (about a minute)"
    # The lock names everything, so nothing is to be resolved: --no-deps keeps pip from looking past it.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    touch .venv/ready
}

compiled() {
    # Ours as well as the packages: where Python is told to write no bytecode, every command would compile all it loads.
    .venv/bin/python -m compileall -q steadypost blocks tasks flows deployments || true
}

browser() {
    # Debian's build without a window needs a fifth less memory. It is tried for once, and gone without where it is not.
    [ -e .venv/browser ] || command -v chromium-headless-shell >/dev/null \
        || apt chromium-headless-shell fonts-noto-color-emoji fonts-noto-cjk || true
    touch .venv/browser
    .venv/bin/python -m steadypost.browser >/dev/null 2>&1 && return
    apt chromium fonts-noto-color-emoji fonts-noto-cjk && .venv/bin/python -m steadypost.browser >/dev/null 2>&1 && return
    say "fetching Playwright's own browser"
    .venv/bin/python -m playwright install --with-deps chromium >/dev/null 2>&1 \
        || .venv/bin/python -m playwright install chromium >/dev/null 2>&1 || true
    .venv/bin/python -m steadypost.browser >/dev/null 2>&1 \
        || fail "no browser can be had: install Debian's chromium, or run '.venv/bin/playwright install chromium'," \
                "or set STEADYPOST_CHROMIUM to one"
}

postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
    command -v initdb >/dev/null && return
    # No cluster of the system's own is wanted, only the programs.
    if [ "$(id -u)" = 0 ] && [ -d /etc ]; then
        mkdir -p /etc/postgresql-common
        grep -qs create_main_cluster /etc/postgresql-common/createcluster.conf \
            || echo 'create_main_cluster = false' >> /etc/postgresql-common/createcluster.conf
    fi
    apt postgresql || fail "the tests need PostgreSQL's programs: install Debian's postgresql"
}

packages
compiled
browser
[ "${1:-}" = tests ] && postgres
exit 0
