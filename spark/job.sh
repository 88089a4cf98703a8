#!/usr/bin/env bash
# Compares a lake on a Spark cluster of its own, a master and workers of one core each on loopback, and ends the cluster.
# Usage: job.sh WORKERS LAKE, with pyspark's programs on PATH.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

cluster "$1"
submit "$2" "$dir/result"
wait "$job" || fail "the job failed:" "$dir/result.log"
grep '^numbers ' "$dir/result.log"
dismiss
