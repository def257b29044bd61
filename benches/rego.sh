#!/usr/bin/env bash
# Compares the CPU of ajj with gator and conftest on the same templates, policies and objects.
# Usage: GATOR=path/to/gator CONFTEST=path/to/conftest CONFTEST_SOURCES=path benches/rego.sh
#   CONFTEST_SOURCES: the folder of conftest's Go module, for its example `examples/kubernetes`
#   AJJ_SHARED: the folder of upstream corpora [default: shared beside the repository]
# A peer that is not named is left out.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release -q -p ajj-cli
ajj=$PWD/target/release/ajj
shared=$(realpath "${AJJ_SHARED:-../shared}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# User and system time of a command in milliseconds, the least of three runs.
cpu() {
    local least=
    for _ in 1 2 3; do
        local spent
        spent=$( { TIMEFORMAT='%3U %3S'; time "$@" >/dev/null 2>&1 || true; } 2>&1 |
            awk '{ printf "%d", ($1 + $2) * 1000 }')
        if [ -z "$least" ] || [ "$spent" -lt "$least" ]; then least=$spent; fi
    done
    printf '%s' "$least"
}

# What the objects of a run cost beyond its start, for each, in microseconds.
each() {
    local whole=$1 start=$2 count=$3
    printf '%s' $(((whole - start) * 1000 / count))
}

library=$shared/corpus/open-policy-agent/gatekeeper-library/library
if [ -d "$library" ]; then
    mkdir "$scratch/policies" "$scratch/objects" "$scratch/none"
    number=0
    for file in "$library"/*/*/template.yaml "$library"/*/*/samples/*/constraint.yaml; do
        number=$((number + 1))
        # Names repeat over the samples.
        sed "/^kind: ConstraintTemplate/,\$b;s/^  name: .*/&-$number/" "$file" \
            >"$scratch/policies/$number.yaml"
    done
    count=0
    for file in "$library"/*/*/samples/*/*.yaml; do
        case $file in */constraint.yaml | */kustomization.yaml) continue ;; esac
        if grep -q '^kind: AdmissionReview' "$file"; then continue; fi
        count=$((count + 1))
        sed "s/^  name: .*/  name: object-$count/" "$file" >"$scratch/objects/$count.yaml"
    done
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: none}\n' >"$scratch/none/none.yaml"
    printf '%s templates and constraints of gatekeeper-library on its %s sample objects\n' "$number" "$count"
    start=$(cpu "$ajj" policy validate -p "$scratch/policies" "$scratch/none" -o json)
    whole=$(cpu "$ajj" policy validate -p "$scratch/policies" "$scratch/objects" -o json)
    printf '  ajj    start %s ms, whole %s ms, each object %s us\n' \
        "$start" "$whole" "$(each "$whole" "$start" "$count")"
    if [ -n "${GATOR:-}" ]; then
        start=$(cpu "$GATOR" test -f "$scratch/policies" -f "$scratch/none" -o json)
        whole=$(cpu "$GATOR" test -f "$scratch/policies" -f "$scratch/objects" -o json)
        printf '  gator  start %s ms, whole %s ms, each object %s us\n' \
            "$start" "$whole" "$(each "$whole" "$start" "$count")"
    fi
fi

example=${CONFTEST_SOURCES:-}/examples/kubernetes
if [ -d "$example/policy" ]; then
    mkdir "$scratch/one" "$scratch/many"
    cp "$example/deployment.yaml" "$scratch/one/"
    for number in $(seq 300); do cp "$example/deployment.yaml" "$scratch/many/$number.yaml"; done
    printf "conftest's Kubernetes example on 300 documents\n"
    for tool in "$ajj conftest" "${CONFTEST:-}"; do
        if [ -z "$tool" ]; then continue; fi
        # shellcheck disable=SC2086
        start=$(cpu $tool test -p "$example/policy" "$scratch/one")
        # shellcheck disable=SC2086
        whole=$(cpu $tool test -p "$example/policy" "$scratch/many")
        printf '  %s: start %s ms, whole %s ms, each document %s us\n' \
            "${tool##*/}" "$start" "$whole" "$(each "$whole" "$start" 300)"
    done
fi
printf 'machine: %s, %s cores; commit %s\n' \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(git rev-parse --short HEAD)"
