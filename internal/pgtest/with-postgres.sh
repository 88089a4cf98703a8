#!/bin/sh
# with-postgres.sh CMD [ARG...]
#
# Starts a throw-away PostgreSQL on a free port of 127.0.0.1, runs CMD with
# SEATS_TEST_PG set to its connection string and SEATS_TEST_PG_RESTART to the
# command that restarts it, stops and removes the server whatever becomes of
# CMD, and exits with CMD's status.
#
# SEATS_TEST_PG_SETTINGS adds settings to the server's, without spaces inside and
# with spaces between: "shared_buffers=1GB autovacuum=off".
#
# with-postgres.sh --find prints the folder of the server programs that would
# be used and fails where there is none.
#
# The server refuses to run as root: for root it runs as `postgres`, or as
# `nobody` where that account is missing. Durability is off, since the data
# does not outlive CMD, and anybody on this machine may log in while it runs.
set -eu

say() { echo "with-postgres: $*" >&2; }

# PATH is the user's own choice and wins; else the newest packaged version.
find_programs() {
	if command -v initdb >/dev/null && command -v postgres >/dev/null && command -v pg_ctl >/dev/null; then
		dirname "$(command -v initdb)"
		return
	fi
	newest=$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin 2>/dev/null | sort -V | tail -n 1) || true
	if [ -n "$newest" ] && [ -x "$newest/initdb" ] && [ -x "$newest/postgres" ]; then
		echo "$newest"
		return
	fi
	say "no PostgreSQL server programs (initdb, postgres, pg_ctl) found"
	say "'make test' installs them; or put them on PATH, or set SEATS_TEST_PG to a running server"
	return 1
}

programs=$(find_programs) || exit 1
if [ "${1-}" = --find ]; then
	echo "$programs"
	exit
fi
[ $# -gt 0 ] || { say "usage: with-postgres.sh CMD [ARG...]"; exit 64; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/seats-postgres.XXXXXX")
started=
# Silent on purpose: whoever would read a message may be gone by now, and
# writing to a closed pipe would end this script before the server.
stop() {
	trap - EXIT
	trap '' HUP INT TERM
	[ -z "$started" ] || as_server "$programs/pg_ctl" stop -D "$dir/data" -m immediate -w >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

if [ "$(id -u)" = 0 ]; then
	account=nobody
	if id postgres >/dev/null 2>&1; then account=postgres; fi
	# cd: the caller's working directory may be closed to that account.
	become="setpriv --reuid=$account --regid=$(id -g "$account") --clear-groups"
	as_server() (cd "$dir" && exec $become "$@")
	chown "$account" "$dir"
	as_server test -w "$dir" || { say "$account cannot reach $dir: set TMPDIR to a folder that every user may enter"; exit 1; }
else
	become=
	as_server() { "$@"; }
fi

as_server "$programs/initdb" -D "$dir/data" -U seats --auth=trust --encoding=UTF8 --locale=C --no-sync \
	>"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }

cat >>"$dir/data/postgresql.conf" <<-CONF
	listen_addresses = '127.0.0.1'
	unix_socket_directories = ''
	max_connections = 200
	fsync = off
	synchronous_commit = off
	full_page_writes = off
	wal_level = minimal
	max_wal_senders = 0
	max_wal_size = 4GB
	shared_buffers = 128MB
	log_min_messages = warning
CONF
for setting in ${SEATS_TEST_PG_SETTINGS-}; do
	echo "$setting" >>"$dir/data/postgresql.conf"
done

# Trying is the only way to claim a port that leaves no gap for another
# process between asking whether it is free and taking it.
tries=0
until [ -n "$started" ]; do
	tries=$((tries + 1))
	[ $tries -le 20 ] || { cat "$dir/server.log" >&2; say "cannot start PostgreSQL"; exit 1; }
	port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
	if as_server "$programs/pg_ctl" start -D "$dir/data" -w -t 60 -l "$dir/server.log" -o "-p $port" >/dev/null 2>&1; then
		started=yes
	fi
done

SEATS_TEST_PG="postgres://seats@127.0.0.1:$port/postgres?sslmode=disable"
SEATS_TEST_PG_RESTART="cd '$dir' && $become '$programs/pg_ctl' restart -D data -m fast -w -t 60 -l server.log"
export SEATS_TEST_PG SEATS_TEST_PG_RESTART
status=0
"$@" || status=$?
exit $status
