#!/usr/bin/env bash
# Counts a lake of simulated tenants on a Spark cluster of its own: a master and two workers, each a process, on loopback. Every
# number must be the issued one; then once more, and a worker is killed half-way. A question is put to three engines.
# Usage: test.sh TENANTS DAYS [SITE], with pyspark's programs on PATH. SITE is a folder for the site, made unless it is there.
set -euo pipefail
tenants=$1 days=$2 site=${3-}
period=(--from "2026-03-$(printf %02d $((32 - days)))" --to 2026-03-31)
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"
export JDK_JAVA_OPTIONS=-XX:TieredStopAtLevel=1 # jobs of seconds: to compile them well takes longer than they do

say() { echo "test-spark: $*"; }

# issue makes the site, issues its days, and exports the lake.
issue() {
	local seats=("$here/../bin/seats" --config "$1/seats.yaml")
	"$here/site.sh" "$1" "$tenants" "$days"
	"${seats[@]}" run "${period[@]}" --jobs 2 --format csv
	"${seats[@]}" export --lake "$1/lake"
}

# judge RESULT waits for the job, which must have compared every number and found no difference.
judge() {
	wait "$job" || fail "the job failed:" "$dir/$1.log"
	local numbers=$((tenants * (days * 8 + (days == 31 ? 3 : 0)))) # a day has three regions and five locations
	grep -q "^numbers $numbers, different 0$" "$dir/$1.log" || fail "not $numbers numbers without a difference:" "$dir/$1.log"
	say "$1: $numbers numbers, all as issued, in $((SECONDS - began)) s"
}

say "$tenants tenants, $days days"
if [ -z "$site" ] || [ ! -d "$site" ]; then
	issue "$dir/site" >"$dir/site.log" 2>&1 || fail "the site cannot be made:" "$dir/site.log"
	if [ -n "$site" ]; then mv "$dir/site" "$site"; fi
fi
lake=${site:-$dir/site}/lake
say "the lake is there after $SECONDS s: $(du -sh "$lake" | cut -f1)"

start "$dir/ask.log" python "$here/ask.py" "$lake"
wait "${started[-1]}" || fail "three engines do not give one answer:" "$dir/ask.log"
say "a question: $(tail -n 1 "$dir/ask.log")"

cluster 2
victim=${started[-1]}

began=$SECONDS
submit "$lake" "$dir/whole" "${period[@]}"
judge whole

tasks=$(grep -c 'Finished task' "$dir/whole.log")
began=$SECONDS
submit "$lake" "$dir/bereft" "${period[@]}"
until [ "$(grep -c 'Finished task' "$dir/bereft.log")" -ge $((tasks / 2)) ]; do
	kill -0 "$job" 2>/dev/null || fail "the job ended before a worker could be killed:" "$dir/bereft.log"
	sleep 0.1
done
kill -KILL -- "-$victim"
wait "$victim" 2>/dev/null || true
judge bereft
grep -q 'Lost executor' "$dir/bereft.log" || fail "no executor was lost:" "$dir/bereft.log"
say "a worker was killed after $((tasks / 2)) of $tasks tasks"
