#!/bin/sh
# Installs the WebSocket clients the tests talk with: the npm package ws into
# test/clients, and Debian's python3-websockets. It does so only as root, or
# with INSTALL=1; otherwise it says what is missing and the tests skip.
set -u
cd "$(dirname "$0")/clients" || exit 1

may_install() { [ "$(id -u)" = 0 ] || [ "${INSTALL:-}" = 1 ]; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
has() { command -v "$1" >/dev/null 2>&1; }

if has npm && [ ! -e node_modules/ws/package.json ]; then
    if may_install; then
        echo "deps: npm install in test/clients"
        npm install --no-package-lock --no-audit --no-fund >/dev/null || echo "deps: npm install failed"
    else
        echo "deps: npm package ws is missing (INSTALL=1 installs it)"
    fi
fi

python_has_websockets() {
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import websockets' 2>/dev/null && return 0
    done
    return 1
}
if has apt-get && ! python_has_websockets; then
    if may_install; then
        echo "deps: apt-get install python3-websockets"
        install="apt-get install -y -q --no-install-recommends python3-websockets"
        as_root $install >/dev/null 2>&1 ||
            { as_root apt-get update -q >/dev/null 2>&1 && as_root $install >/dev/null 2>&1; } ||
            echo "deps: apt-get install failed"
    else
        echo "deps: python3-websockets is missing (INSTALL=1 installs it)"
    fi
fi
exit 0
