#!/usr/bin/env bash
# What `make test` does after test/deps.sh: every test of both modules. The race
# detector watches the product's own tests, and the servers that those in test/ start.
set -u
cd "$(dirname "$0")" || exit 1
built=$(mktemp -d) || exit 1
trap 'rm -rf "$built"' EXIT

export BUILT=$built RACE=1
if ! why=$(go -C .. build -race -o "$built/websocketd.race" . 2>&1); then
    RACE=
    echo "make test: without the race detector, which needs gcc and libc6-dev: $why"
fi
go -C .. build -o "$built/websocketd" . && go build -o "$built/child" ./child &&
    go build -o "$built" tool || exit 1

# go vet is for make lint. A test in test/ waits for its server some of the time, so that a few
# run at once, beside those of the product; packages that take longest begin. More at once is no
# faster, and starves each of them. Up to AGAIN tests that fail run once more, alone.
go run ./gotest -skips=skips.txt -again="${AGAIN:-5}" \
    .. ${RACE:+-race} -vet=off -count=1 -timeout=60m -p=2 ./internal/cli ./libwebsocketd/credential -- \
    . -vet=off -count=1 -timeout=60m -p=3 -parallel=4 ./console ./mcp ./pow ./promises ./cli ./session ./control ./shared ./hostile ./access -- \
    ../release -vet=off -count=1 -timeout=10m
