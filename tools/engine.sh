#!/usr/bin/env bash
# Installs, as root on Debian, what the tests of the containers start an engine of their own with. Where it cannot, the
# tests say what is missing and are skipped.
set -euo pipefail

PACKAGES=(docker.io docker-compose mmdebstrap)

lacking() { ! command -v dockerd || ! command -v mmdebstrap || ! { docker compose version || command -v docker-compose; }; }

lacking >/dev/null 2>&1 || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    printf 'engine: installing %s with apt\n' "${PACKAGES[*]}" >&2
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${PACKAGES[@]}" >/dev/null 2>&1 || true
fi
