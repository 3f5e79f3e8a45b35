#!/bin/sh
# Installs what the tests use besides Go, as root or with INSTALL=1: Debian's
# packages, then npm's in test/clients, test/servers, test/mcp and clients/js. Otherwise,
# and after a failure, it says what is missing, and the tests that need it skip.
set -u
cd "$(dirname "$0")" || exit 1

has() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
may_install() { [ "$(id -u)" = 0 ] || [ "${INSTALL:-}" = 1 ]; }

# slowly runs a command, shows its newest line every ten seconds, and all it said
# if it fails.
slowly() {
    "$@" >"$log" 2>&1 &
    job=$!
    seconds=0
    while sleep 1 && kill -0 $job 2>/dev/null; do
        seconds=$((seconds + 1))
        [ $((seconds % 10)) != 0 ] || printf 'deps: %3d s: %s\n' $seconds "$(tail -n 1 "$log" | cut -c 1-100)"
    done
    wait $job && return
    sed 's/^/deps: | /' "$log"
    echo "deps: failed: $*"
    return 1
}
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

cc_works() { echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1; }
python_has_websockets() {
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import websockets' 2>/dev/null && return 0
    done
    return 1
}

# What is missing, by the names of Debian's packages.
missing=""
cc_works || missing="$missing gcc libc6-dev"
[ -e /usr/share/bash-completion/bash_completion ] || missing="$missing bash-completion"
python_has_websockets || missing="$missing python3-websockets"
for pair in node:nodejs npm:npm curl:curl openssl:openssl perl:perl chromium:"chromium fonts-dejavu-core" nginx:nginx-light caddy:caddy \
    php:php-cli lua:lua5.4 ruby:ruby vmstat:procps zsh:zsh fish:fish man:man-db mandoc:mandoc minisign:minisign; do
    has "${pair%%:*}" || missing="$missing ${pair#*:}"
done

# A package that brings a service must not start it: it is wanted for its program
# only. Where one package is not to be had, the others are installed all the same.
apt_install() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod +x $policy
        trap 'rm -f "$log"; as_root rm -f $policy' EXIT
    fi
    echo "deps: apt-get install $*: some minutes"
    slowly as_root apt-get update -q
    install="as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends"
    slowly $install "$@" && return
    for package; do slowly $install "$package"; done
}

if [ -z "$missing" ]; then
    :
elif ! may_install; then
    echo "deps: the tests that need these skip:$missing (INSTALL=1 installs them, with sudo)"
elif ! has apt-get; then
    echo "deps: the tests that need these skip:$missing (Debian's names; there is no apt-get here)"
elif [ "$(id -u)" = 0 ] || sudo -v; then
    apt_install $missing
fi

for dir in clients servers mcp ../clients/js; do
    if ! has npm || [ $dir/node_modules/.package-lock.json -nt $dir/package.json ]; then
        continue
    elif may_install; then
        echo "deps: npm install in $dir"
        (cd $dir && slowly npm install --no-package-lock --no-audit --no-fund)
    else
        echo "deps: the tests that need the npm packages of $dir skip (INSTALL=1 installs them)"
    fi
done
exit 0
