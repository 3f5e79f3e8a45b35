#!/bin/sh
# Installs what the tests talk with: npm packages into test/clients (ws) and
# test/servers (an MCP server, a language server), and Debian's packages of Python's websockets, a browser, two proxies and some
# interpreters. It does so only as root, or with INSTALL=1; otherwise it says
# what is missing and the tests skip.
set -u
cd "$(dirname "$0")" || exit 1

may_install() { [ "$(id -u)" = 0 ] || [ "${INSTALL:-}" = 1 ]; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
has() { command -v "$1" >/dev/null 2>&1; }

for dir in clients servers; do
    if ! has npm || [ -e $dir/node_modules/ws/package.json ]; then
        continue
    elif may_install; then
        echo "deps: npm install in test/$dir"
        (cd $dir && npm install --no-package-lock --no-audit --no-fund >/dev/null) || echo "deps: npm install failed"
    else
        echo "deps: npm packages of test/$dir are missing (INSTALL=1 installs them)"
    fi
done

python_has_websockets() {
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import websockets' 2>/dev/null && return 0
    done
    return 1
}

# Debian's packages, by what they bring. A package that brings a service must not
# start it: it is wanted for its program only.
missing=""
if has apt-get; then
    python_has_websockets || missing="$missing python3-websockets"
    for pair in chromium:"chromium fonts-dejavu-core" nginx:nginx-light caddy:caddy php:php-cli lua:lua5.4 ruby:ruby; do
        has "${pair%%:*}" || missing="$missing ${pair#*:}"
    done
fi
if [ -n "$missing" ] && may_install; then
    echo "deps: apt-get install$missing"
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod +x $policy
        trap 'as_root rm -f $policy' EXIT
    fi
    install="env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends$missing"
    as_root $install >/dev/null 2>&1 ||
        { as_root apt-get update -q >/dev/null 2>&1 && as_root $install >/dev/null 2>&1; } ||
        echo "deps: apt-get install failed"
elif [ -n "$missing" ]; then
    echo "deps: missing:$missing (INSTALL=1 installs them)"
fi
exit 0
