#!/bin/sh
# Writes .env, from which compose.yaml takes its secrets and this machine's name: once, for this user alone. What is there
# already is kept, so run it as often as you like.
set -eu
cd "$(dirname "$0")/.."
umask 077

secret() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Of the form that Prefect encrypts with: 32 bytes in base64, with - and _ for + and /.
key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }

keep() { # name, value
    grep -q "^$1=" .env || printf '%s=%s\n' "$1" "$2" >>.env
}

touch .env
chmod 600 .env
# Two machines must never have one name: an attempt is known by the machine that made it.
keep STEADYPOST_HOST "steadypost-$(secret 4)"
keep POSTGRES_PASSWORD "$(secret 24)"
keep PREFECT_PASSWORD "$(secret 24)"
# Outside of the database that it protects. Keep a copy elsewhere: without it no sign-in in Prefect's blocks can be read.
keep PREFECT_ENCRYPTION_KEY "$(key)"
# Who may speak to the engine. Only the profile "ad-hoc" asks.
keep DOCKER_GROUP "$(stat -c %g /var/run/docker.sock 2>/dev/null || echo 0)"
echo "containers: .env is there, for $(id -un) alone. Next: docker compose up --build --detach" >&2
