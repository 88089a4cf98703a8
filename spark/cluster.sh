# A Spark cluster on loopback, for scripts that source this: a master and workers, each a process in a group of its own, so that it
# can be killed with all that it started. Nothing of it outlives the script. pyspark's programs are on PATH.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/seats-spark.XXXXXX")
started=()
trap 'for pid in "${started[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done; wait 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

JAVA_HOME=$("$here/java.sh")
export JAVA_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS=$dir/local SPARK_WORKER_DIR=$dir/work SPARK_DAEMON_MEMORY=256m

# fail MESSAGE LOG
fail() {
	echo "spark: $1"
	tail -n 40 "$2"
	exit 1
} >&2

# start LOG COMMAND...
start() {
	local log=$1
	shift
	: >"$log" # before anybody looks into it
	setsid "$@" >"$log" 2>&1 &
	started+=($!)
}

# await LOG PATTERN waits until the log of what was started last has a line.
await() {
	until grep -q "$2" "$1"; do
		kill -0 "${started[-1]}" 2>/dev/null || fail "it ended without '$2':" "$1"
		sleep 0.2
	done
}

# cluster WORKERS starts a master and workers of one core each.
cluster() {
	start "$dir/master.log" spark-class org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 0 --webui-port 0
	await "$dir/master.log" 'Starting Spark master at spark://'
	master=$(grep -o 'spark://127.0.0.1:[0-9]*' "$dir/master.log" | head -n 1)
	for ((worker = 1; worker <= $1; worker++)); do
		start "$dir/worker$worker.log" spark-class org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --cores 1 --memory 1g --webui-port 0 "$master"
		await "$dir/worker$worker.log" 'Successfully registered with master'
	done
}

# submit LAKE RESULT PERIOD... starts the comparison; its log is RESULT.log.
submit() {
	start "$2.log" spark-submit --master "$master" --driver-memory 1g --executor-memory 1g \
		--conf spark.driver.host=127.0.0.1 --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=8 \
		"$here/compare.py" "${@:3}" "$1" "$here/../sql/fleet" "$2"
	job=${started[-1]}
}
