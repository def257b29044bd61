#!/usr/bin/env bash
# Whole processes, with hyperfine (Debian package `hyperfine`): `ajj`, and the Kyverno CLI where
# KYVERNO names its binary. Recorded objects and suites come from `shared` beside the repository,
# or from AJJ_SHARED; without them only our own are measured.
# Usage: [KYVERNO=/path/to/kyverno] benches/compare.sh
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD

command -v hyperfine >/dev/null || { echo 'compare: hyperfine is missing (apt install hyperfine)' >&2; exit 2; }
cargo build --release -q -p ajj-cli
ajj=$repository/target/release/ajj
shared=${AJJ_SHARED:-$repository/../shared}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# compare NAME RUNS AJJ_COMMAND [KYVERNO_COMMAND]: user and system seconds of each, and the ratio.
compare() {
    local name=$1 runs=$2 ours=$3 theirs=${4:-}
    local commands=("$ours")
    if [ -n "${KYVERNO:-}" ] && [ -n "$theirs" ]; then commands+=("$theirs"); fi
    printf '\n## %s\n' "$name"
    hyperfine -N -i --warmup 1 --runs "$runs" --export-json "$scratch/result.json" "${commands[@]}" >"$scratch/log" 2>&1 \
        || { cat "$scratch/log" >&2; exit 2; }
    python3 - "$scratch/result.json" <<'PYTHON'
import json, sys
results = json.load(open(sys.argv[1]))["results"]
costs = [result["user"] + result["system"] for result in results]
for result, cost in zip(results, costs):
    name = "ajj" if result is results[0] else "kyverno"
    print(f"{name:8} wall {result['mean'] * 1000:10.1f} ms   CPU {cost * 1000:10.1f} ms")
if len(costs) > 1:
    print(f"kyverno takes {costs[1] / costs[0]:.0f} times the CPU")
PYTHON
}

# peak COMMAND...: resident memory at its highest.
peak() {
    if [ -x /usr/bin/time ]; then
        { /usr/bin/time -f 'memory   %M KiB at most' "$@" >/dev/null 2>"$scratch/time"; } || true
        tail -n 1 "$scratch/time"
    fi
}

compare 'start to first verdict: one manifest, one policy' 20 \
    "$ajj policy validate testdata/shop/frontend.yaml -p policies/pod-security/baseline/host-ports/policy.yaml -o concise"

find policies/pod-security -name policy.yaml | sort >"$scratch/policies"
flags=$(sed 's/^/-p /' "$scratch/policies" | tr '\n' ' ')
if [ -d "$shared/golden/kyverno-apply/manifests" ]; then
    manifests=$shared/golden/kyverno-apply/manifests
    resources=$(find "$manifests" -name '*.yaml' -printf '-r %p ')
    policies=$(tr '\n' ' ' <"$scratch/policies")
    compare "$(wc -l <"$scratch/policies") Pod Security policies on 922 objects" 3 \
        "$ajj policy validate $manifests $flags -o concise" \
        "${KYVERNO:-} apply $policies $resources --policy-report"
    peak "$ajj" policy validate "$manifests" $flags -o concise
fi
if [ -d "$shared/corpus/manifests" ]; then
    compare "$(du -sm "$shared/corpus/manifests" | cut -f1) MB of manifests" 3 \
        "$ajj policy validate $shared/corpus/manifests $flags -o concise"
    peak "$ajj" policy validate "$shared/corpus/manifests" $flags -o concise
fi

# Suites that both evaluate: classic policies with validate rules alone.
suites=$scratch/suites
mkdir "$suites"
cp -r policies "$suites/own"
if [ -d "$shared/corpus/kyverno/policies" ]; then
    python3 - "$shared/corpus/kyverno/policies" "$suites" <<'PYTHON'
import os, re, shutil, sys
root, target = sys.argv[1:]
other = re.compile(r"^\s*-?\s*(cel|mutate|generate|verifyImages|manifests):", re.M)
for folder, _, files in os.walk(root):
    if "kyverno-test.yaml" not in files:
        continue
    policy_folder = os.path.dirname(folder) if os.path.basename(folder).startswith(".") else folder
    policies = [name for name in os.listdir(policy_folder) if name.endswith((".yaml", ".yml"))]
    texts = [open(os.path.join(policy_folder, name)).read() for name in policies]
    classic = [text for text in texts if re.search(r"^kind: (Cluster)?Policy$", text, re.M)]
    foreign = any(re.search(r"^apiVersion: policies.kyverno.io", text, re.M) for text in texts)
    if classic and not foreign and not any(other.search(text) for text in classic):
        shutil.copytree(policy_folder, os.path.join(target, os.path.relpath(policy_folder, root)), dirs_exist_ok=True)
PYTHON
fi
compare "$(find "$suites" -name kyverno-test.yaml | wc -l) suites" 3 \
    "$ajj policy test --compat $suites" \
    "${KYVERNO:-} test $suites"
peak "$ajj" policy test --compat "$suites"
