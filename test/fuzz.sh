#!/bin/sh
# Runs every fuzzer of both modules, one after the other, for FUZZTIME each.
set -eu
cd "$(dirname "$0")"
for module in .. .; do
    (
        cd "$module"
        for package in $(go list ./...); do
            for fuzzer in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
                echo "=== $package $fuzzer"
                go test -run '^$' -fuzz "^$fuzzer\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 10x "$package"
            done
        done
    )
done
