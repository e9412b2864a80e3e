#!/usr/bin/env bash
# Makes a minimal Debian and runs this repository's HEAD in it, so that nothing that lies on this machine can help.
#   tools/bare.sh commands   the README's two commands, as root and as an ordinary user (as_root, as_user: one of them)
#   tools/bare.sh ci         the checks and every test, as root
# It ends with 75, having tried nothing, where no such root can be made.
#
# All is mounted and started in namespaces of its own: with their first process the kernel takes away every other
# process and every mount, however this ends. A root is entered by pivot_root and not by chroot, in which nobody
# could make the user namespaces that are Chromium's sandbox.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SELF=$HERE/tools/bare.sh
NO_ROOT=75
# What the README asks for. Nothing may be added: what else is needed, tools/setup.sh has to bring.
PACKAGES=python3,python3-venv,make,git,ca-certificates

say() { printf 'bare: %s\n' "$*" >&2; }
cannot() { say "no bare root: $*"; exit "$NO_ROOT"; }

# -- outside: on the machine

outside() { # what
    [ "$(id -u)" = 0 ] || cannot "only root can make one"
    available || cannot "mmdebstrap is not installed here, and could not be"
    unshare --mount --pid --fork --kill-child true 2>/dev/null || cannot "this machine permits no namespaces"
    git -C "$HERE" diff --quiet HEAD 2>/dev/null || say "HEAD is what is tried; there are changes that are not committed"
    sweep
    base=$(mktemp -d "${TMPDIR:-/tmp}/steadypost-bare-$$-XXXXXX")
    child=
    trap 'ended' EXIT
    trap 'exit 143' TERM HUP
    trap 'exit 130' INT
    # With job control: a job without it would ignore Ctrl-C, and so would every test in it that sends one.
    set -m
    # The kernel ends it also when this shell is killed.
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc bash "$SELF" inside "$1" "$base" </dev/null &
    child=$!
    set +m
    wait "$child"
}

available() {
    command -v mmdebstrap >/dev/null && return
    command -v apt-get >/dev/null || return 1
    say "installing mmdebstrap with apt"
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mmdebstrap >/dev/null 2>&1
}

ended() {
    [ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true
    # Its processes are being killed meanwhile, and may write a last file.
    for _ in 1 2 3 4 5; do rm -rf --one-file-system "$base" 2>/dev/null && break; sleep 1; done
}

sweep() { # the folders of those that were killed before they could remove them
    local left owner
    for left in "${TMPDIR:-/tmp}"/steadypost-bare-*-??????; do
        owner=${left#*/steadypost-bare-}
        [ ! -d "$left" ] || kill -0 "${owner%-*}" 2>/dev/null || rm -rf --one-file-system "$left"
    done
}

# -- inside: the first process of the namespaces

TIMES=()
DOING=

step() { # words, command...: tells what it does, and in the end how long it took
    local began=$SECONDS
    DOING=$1
    say "$1 ..."
    "${@:2}"
    TIMES+=("$(printf '%4d s  %s' $((SECONDS - began)) "$1")")
    DOING=
}

summary() {
    local code=$?
    say "what took how long:"
    printf 'bare: %s\n' "${TIMES[@]}" "$(printf '%4d s  in all' "$SECONDS")" >&2
    [ -z "$DOING" ] || say "FAILED: $DOING"
    exit "$code"
}

inside() { # what, folder
    base=$2
    trap summary EXIT
    cd /
    step "a minimal Debian with ${PACKAGES//,/ }" make_root
    "$1"
}

ci() {
    local root=$base/root
    mv "$base/debian" "$root"
    step "HEAD is cloned into it" furnish "$root" root
    step "make setup" enter "$root" root make setup
    step "make check" enter "$root" root make check
    step "make test" enter "$root" root make test
}

commands() {
    as_root
    as_user
}

as_root() {
    local root=$base/root
    cp -a "$base/debian" "$root"
    step "HEAD is cloned into a root" furnish "$root" root
    step "root: make demo" enter "$root" root make demo
    step "root: make test" enter "$root" root make test
    rm -rf "$root"
}

as_user() { # who has no apt, and is told what root has to install; with just that, it passes
    local root=$base/user
    cp -a "$base/debian" "$root"
    step "HEAD is cloned into a root, for an ordinary user" furnish "$root" alice
    step "alice: make demo says what to install" refused "$root" make demo
    step "root installs just that" enter "$root" root "$(remedy)"
    step "alice: make demo" enter "$root" alice make demo
    step "alice: make test says what to install" refused "$root" make test
    step "root installs just that" enter "$root" root "$(remedy)"
    # Those that start browsers and servers, and so depend on who runs them: all of them again would be another quarter
    # of an hour.
    step "alice: make test, of what depends on who runs it" enter "$root" alice \
        "make test TESTS='tests/browser tests/channels tests/cli/test_up_database.py tests/machine tests/sandbox tests/store'"
}

refused() { # root, command...: it has to fail, and to say what would help
    if enter "$1" alice "${@:2}" >"$base/said" 2>&1; then
        cat "$base/said" >&2
        say "it was to fail here, and did not"
        return 1
    fi
    cat "$base/said" >&2
    [ -n "$(remedy)" ] || { say "it did not say what to install"; return 1; }
}

remedy() { grep -o 'apt-get update && apt-get install -y .*' "$base/said" | tail -n 1; }

make_root() {
    local codename sources=() one
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && printf %s "${VERSION_CODENAME:-}")
    for one in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ ! -s "$one" ] || sources+=("$one")
    done
    # How this machine fetches, and not what it hooks into apt.
    apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' >"$base/apt.conf" || true
    # shellcheck disable=SC2016 # the hook's own $1, the root
    mmdebstrap --quiet --variant=minbase --include="$PACKAGES" --aptopt="$base/apt.conf" \
        --setup-hook='for one in auth.conf auth.conf.d preferences preferences.d keyrings trusted.gpg.d; do
            [ ! -e "/etc/apt/$one" ] || cp -RL "/etc/apt/$one" "$1/etc/apt/"; done' \
        --setup-hook='mkdir -p "$1/usr/share/keyrings" && cp -RL /usr/share/keyrings/. "$1/usr/share/keyrings/"' \
        "$codename" "$base/debian" "${sources[@]}" || cannot "mmdebstrap failed"
    lacks_what_setup_brings
    hand_in "$base/debian"
    enter "$base/debian" root true || cannot "this machine lets nobody enter one"
}

lacks_what_setup_brings() { # or nothing would be shown by what follows
    local found
    found=$(find "$base/debian" -xdev \( -name 'chrom*' -o -name initdb -o -name postgres -o -name 'libatomic.so*' \) -type f -print -quit)
    [ -z "$found" ] || { say "the root is not bare: ${found#"$base/debian"}"; return 1; }
    say "it has no Chromium, no PostgreSQL and no libatomic"
}

furnish() { # root, who
    local root=$1 who=$2 home=/root
    if [ "$who" != root ]; then
        home=/home/$who
        chroot "$root" useradd --create-home --shell /bin/bash "$who"
    fi
    # Whoever cloned this on the machine need not be root.
    printf '[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n' >"$base/gitconfig"
    GIT_CONFIG_GLOBAL=$base/gitconfig git clone --quiet "$HERE" "$root$home/steadypost"
    chroot "$root" chown -R "$who:" "$home/steadypost"
    say "HEAD is $(GIT_CONFIG_GLOBAL=$base/gitconfig git -C "$root$home/steadypost" log -1 --format='%h %s')"
}

hand_in() { # root: how this machine reaches its package indexes
    local root=$1 place
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
    cp -RL /etc/ssl/certs/. "$root/etc/ssl/certs/" 2>/dev/null || true # some links there lead nowhere
    python3 "$HERE/tools/machine_pip.py" conf >"$root/etc/pip.conf"
    { python3 "$HERE/tools/machine_pip.py" places; files_of_environment; } | sort -u >"$base/places"
    while read -r place; do
        if [ -d "$place" ]; then
            mkdir -p "$root$place"
        else
            mkdir -p "$root$(dirname "$place")" && cp -L "$place" "$root$place"
        fi
    done <"$base/places"
}

# The variables by which package indexes are found and certificates judged, and CI's own.
HANDED='^(PIP_[A-Z_]+|[A-Za-z_]+_proxy|[A-Z_]+_PROXY|SSL_CERT_FILE|SSL_CERT_DIR|[A-Z_]+_CA_(CERTS|BUNDLE)|CI)='

environment() { env -0 | grep -zE "$HANDED"; }

files_of_environment() { environment | sed -z 's/^[^=]*=//' | tr '\0' '\n' | while read -r one; do [ ! -f "$one" ] || echo "$one"; done; }

enter() { # root, who, command...
    unshare --mount bash "$SELF" pivot "$base" "$@"
}

# -- in a root

pivot() { # folder, root, who, command...
    local root=$2 who=$3 place handed
    mapfile -d '' -t handed < <(environment)
    mount --bind "$root" "$root"
    cd "$root"
    mount -t proc proc proc
    mount --rbind /dev dev
    mount -t tmpfs -o mode=1777 shm dev/shm
    while read -r place; do
        [ ! -d "$place" ] || mount --bind -o ro "$place" ".$place"
    done <"$1/places"
    pivot_root . mnt
    umount -l /mnt
    # Whoever started this in the background may have had Ctrl-C ignored, and tests send it to what they start.
    exec setpriv --reuid "$who" --regid "$who" --init-groups --reset-env env --default-signal -i "${handed[@]}" \
        HOME="$(getent passwd "$who" | cut -d: -f6)" USER="$who" LOGNAME="$who" TERM="${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        bash -c "cd ~/steadypost 2>/dev/null || cd; ${*:4}"
}

case "${1:-}" in
    commands | as_root | as_user | ci) outside "$1" ;;
    inside) inside "$2" "$3" ;;
    pivot) shift; pivot "$@" ;;
    *) say "one of: commands, as_root, as_user, ci"; exit 2 ;;
esac
