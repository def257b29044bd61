#!/usr/bin/env bash
# What the admission webhook costs, and how it behaves under faults: the example `load` against
# `ajj webhook`, and against the example `echo`, which is the same stack without a webhook.
# The main figure is the server's CPU time for a request; times of answers are worth something only
# on a machine that does nothing else. Needs two cores: one for the server, one for its clients.
# Usage: [REQUESTS=20000] [ROUNDS=3] benches/webhook.sh
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
requests=${REQUESTS:-20000}
rounds=${ROUNDS:-3}

cargo build --release -q -p ajj-cli
cargo build --release -q -p ajj-benches --examples
ajj=$repository/target/release/ajj
load=$repository/target/release/examples/load
echo_server=$repository/target/release/examples/echo
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rows=$scratch/rows
# Two thousand connections are as many open files.
ulimit -n "$(ulimit -H -n)"

# The set of 17 Pod Security policies that others have too.
mkdir "$scratch/17"
for policy in policies/pod-security/*/*/policy.yaml; do
    case $policy in */baseline/host-probes/* | */restricted/proc-mount/*) continue ;; esac
    cp "$policy" "$scratch/17/$(echo "$policy" | tr / -)"
done
# many COUNT FOLDER: policies about kinds that nobody asks for, beside the 17.
many() {
    cp -r "$scratch/17" "$2"
    python3 - "$1" "$2" <<'PYTHON'
import json, sys
count, folder = int(sys.argv[1]), sys.argv[2]
with open(f"{folder}/idle.yaml", "w") as out:
    for number in range(count):
        kinds = [f"example.com/v1/Kind{number}"]
        rule = {"name": "check", "match": {"any": [{"resources": {"kinds": kinds}}]},
                "validate": {"message": "no", "pattern": {"spec": {"=(hostNetwork)": False}}}}
        policy = {"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy",
                  "metadata": {"name": f"idle-{number}"}, "spec": {"rules": [rule]}}
        out.write("---\n" + json.dumps(policy) + "\n")
PYTHON
}
many 83 "$scratch/100"
many 10000 "$scratch/10017"

# measure NAME OPTIONS... -- SERVER...: as many rounds as asked; the one that cost least is kept.
measure() {
    local name=$1
    shift
    for _ in $(seq "$rounds"); do
        taskset -c 1 "$load" --name "$name" --core 0 "$@" >>"$rows" \
            || printf '%s: failed\n' "$name" >&2
    done
}
webhook() { echo "$ajj" webhook --listen 127.0.0.1:0 --workers 1 -p "$scratch/${1:-17}"; }

few=$((requests / 10))
for size in 5 8 43 87; do
    count=$requests
    [ "$size" -ge 43 ] && count=$((requests / 4))
    measure "echo $size KB" --size "$size" --requests "$count" -- "$echo_server"
    measure "17 policies, $size KB" --size "$size" --requests "$count" -- $(webhook)
done
measure 'echo 8 KB, HTTP/2' --http2 --requests "$requests" -- "$echo_server"
measure '17 policies, 8 KB, HTTP/2' --http2 --requests "$requests" -- $(webhook)
measure '17 policies, 8 KB, rules audit' --verdict audited --requests "$requests" -- $(webhook)
measure '17 policies, 8 KB, denied' --verdict denied --requests "$requests" -- $(webhook)
measure '100 policies, 8 KB' --requests "$requests" -- $(webhook 100)
measure '10,017 policies, 8 KB' --requests "$requests" -- $(webhook 10017)
measure 'echo, new connections' --churn --warmup 100 --requests "$few" -- "$echo_server"
measure '17 policies, new connections' --churn --warmup 100 --requests "$few" -- $(webhook)
measure '17 policies, 1,000 slow clients' --slow 1000 --requests "$requests" -- $(webhook)
# Half of what a core answers at most, and ten times that.
rate=$(python3 - "$rows" <<'PYTHON'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
costs = [row["cpu_us"] for row in rows if row["name"] == "17 policies, 8 KB"]
print(int(1e6 / min(costs)) if costs else 20000)
PYTHON
)
measure 'echo, half load' --rate $((rate / 2)) --requests "$requests" -- "$echo_server"
measure '17 policies, half load' --rate $((rate / 2)) --requests "$requests" -- $(webhook)
measure '17 policies, ten times too much' --rate $((rate * 10)) --connections 2048 \
    --requests $((requests * 3)) -- $(webhook)

# Faults, at 5,000 requests a second unless said; once each, and every answer is checked.
best_of=$rounds
rounds=1
steady=5000
many 1 "$scratch/18"
cp -r "$scratch/17" "$scratch/changing"
# replace SECONDS: a policy comes and goes, whole each time.
replace() {
    local policy=$scratch/changing/idle.yaml aside=$scratch/aside.yaml
    echo "while sleep $1; do rm $policy || { cp $scratch/18/idle.yaml $aside; mv $aside $policy; }; done 2>/dev/null"
}
measure '5,000 a second' --rate $steady --requests $((steady * 5)) -- $(webhook)
measure 'sets replaced 20 times a second' --rate $steady --requests $((steady * 20)) --verdict mixed \
    --meanwhile "$(replace 0.05)" -- $(webhook changing)
measure 'SIGTERM in the middle' --rate $steady --requests $((steady * 4)) \
    --meanwhile 'sleep 2; kill -TERM $SERVER' -- $(webhook)
measure '50 certificates of two authorities, 500 new connections a second' --churn --rate 500 \
    --requests 4000 --rotations 50 --rotate-every 0.12 -- $(webhook)
measure 'a minute of 200 a second, sets replaced each second' --rate 200 --requests 12000 \
    --verdict mixed --meanwhile "$(replace 1)" -- $(webhook changing)

python3 - "$rows" <<'PYTHON'
import json, sys
best = {}
for line in open(sys.argv[1]):
    row = json.loads(line)
    known = best.get(row["name"], row)
    kept = min(known, row, key=lambda row: row.get("cpu_us", 0))
    # What went wrong in one round went wrong.
    worst = {key: max(known[key], row[key]) for key in ("wrong", "failed", "unsent")}
    best[row["name"]] = kept | worst
columns = [("CPU µs", "cpu_us"), ("right", "right"), ("wrong", "wrong"), ("shed", "shed"),
           ("failed", "failed"), ("unsent", "unsent"), ("p50 µs", "p50_us"), ("p99 µs", "p99_us"),
           ("p99.9 µs", "p999_us"), ("most µs", "max_us"), ("RSS KiB", "rss_most_kib"),
           ("RSS grown KiB", "rss_grown_kib"), ("ready ms", "ready_ms")]
print("| what | " + " | ".join(title for title, _ in columns) + " |")
print("|---|" + "---|" * len(columns))
for name, row in best.items():
    print(f"| {name} | " + " | ".join(f"{row[key]:,}" if key in row else "" for _, key in columns) + " |")
def ratio(text, one, other, key="cpu_us"):
    if one in best and other in best:
        print(f"{text}: {best[one][key] / max(best[other][key], 1e-9):.2f}")
print()
ratio("CPU of 17 policies against the echo, 8 KB", "17 policies, 8 KB", "echo 8 KB")
ratio("10,000 idle policies against none", "10,017 policies, 8 KB", "17 policies, 8 KB")
ratio("CPU of an answer at ten times too much against one at most",
      "17 policies, ten times too much", "17 policies, 8 KB")
ratio("99th percentile against the echo, half load", "17 policies, half load", "echo, half load", "p99_us")
ratio("99th percentile while sets are replaced, at 5,000 a second",
      "sets replaced 20 times a second", "5,000 a second", "p99_us")
ratio("beside 1,000 slow clients", "17 policies, 1,000 slow clients", "17 policies, 8 KB")
PYTHON
printf '\n'
"$repository/target/release/examples/hostile"
printf '\n'
# Debug builds hold each pattern a second time, and allocate for it.
cargo test --release -q -p ajj-webhook --lib a_review_allocates_little -- --nocapture | grep allocations
printf '\n%s, %s cores, Linux %s, commit %s, load %s; %s requests, the best of %s rounds\n' \
    "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(uname -r)" \
    "$(git rev-parse --short HEAD)" "$(cut -d' ' -f1 /proc/loadavg)" "$requests" "$best_of"
