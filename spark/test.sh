#!/usr/bin/env bash
# Counts a lake of simulated tenants on a Spark cluster of its own: a master and two workers, each a process, on loopback. Every
# number must be the issued one; then once more, and a worker is killed half-way.
# Usage: test.sh TENANTS DAYS [SITE], with pyspark's programs on PATH. SITE is a folder for the site, made unless it is there.
set -euo pipefail
tenants=$1 days=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/seats-spark.XXXXXX")
site=${3:-$dir/site}
started=()
trap 'for pid in "${started[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

say() { echo "test-spark: $*"; }
fail() {
	say "$1"
	tail -n 40 "$2"
	exit 1
}

# start LOG CLASS ARG... starts a part of the cluster in a process group of its own, so that it can be killed with all it started.
start() {
	local log=$1
	shift
	setsid spark-class "$@" >"$log" 2>&1 &
	started+=($!)
	disown
}

# await LOG PATTERN waits until the log of what was started last has a line.
await() {
	until grep -q "$2" "$1"; do
		kill -0 "${started[-1]}" 2>/dev/null || fail "it ended without '$2':" "$1"
		sleep 0.2
	done
}

# submit RESULT starts the job; its log is RESULT.log.
submit() {
	setsid spark-submit --master "$master" --driver-memory 1g --executor-memory 1g \
		--conf spark.driver.host=127.0.0.1 --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=8 \
		"$here/compare.py" "$site/lake" "$here/../sql/fleet" "$dir/$1" >"$dir/$1.log" 2>&1 &
	job=$!
	started+=("$job")
}

# judge RESULT waits for the job, which must have compared every number and found no difference.
judge() {
	wait "$job" || fail "the job failed:" "$dir/$1.log"
	local numbers=$((tenants * (days * 8 + (days == 31 ? 3 : 0)))) # a day has three regions and five locations
	grep -q "^numbers $numbers, different 0$" "$dir/$1.log" || fail "not $numbers numbers without a difference:" "$dir/$1.log"
	say "$1: $numbers numbers, all as issued, in $((SECONDS - began)) s"
}

say "$tenants tenants, $days days"
if [ ! -d "$site" ]; then
	"$here/site.sh" "$site" "$tenants" "$days" >"$dir/site.log" 2>&1 || fail "the site cannot be made:" "$dir/site.log"
fi
say "the lake is there after $SECONDS s: $(du -sh "$site/lake" | cut -f1)"

export SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS=$dir/local SPARK_WORKER_DIR=$dir/work
start "$dir/master.log" org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 0 --webui-port 0
await "$dir/master.log" 'Starting Spark master at spark://'
master=$(grep -o 'spark://127.0.0.1:[0-9]*' "$dir/master.log" | head -n 1)
for worker in 1 2; do
	start "$dir/worker$worker.log" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --cores 1 --memory 1g --webui-port 0 "$master"
	await "$dir/worker$worker.log" 'Successfully registered with master'
done
victim=${started[-1]}

began=$SECONDS
submit whole
judge whole

tasks=$(grep -c 'Finished task' "$dir/whole.log")
began=$SECONDS
submit bereft
until [ "$(grep -c 'Finished task' "$dir/bereft.log")" -ge $((tasks / 2)) ]; do
	kill -0 "$job" 2>/dev/null || fail "the job ended before a worker could be killed:" "$dir/bereft.log"
	sleep 0.1
done
kill -KILL -- "-$victim"
judge bereft
grep -q 'Lost executor' "$dir/bereft.log" || fail "no executor was lost:" "$dir/bereft.log"
say "a worker was killed after $((tasks / 2)) of $tasks tasks"
