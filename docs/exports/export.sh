#!/bin/sh
# export.sh oracle|postgresql CONNECT FOLDER [DAYS]
#
# Makes one chunk of an export of a Genesys Info Mart in FOLDER, which seats reads as export_dir: beside it first, and renamed into
# place once it is whole. CONNECT is what sqlplus or psql is given: for Oracle /@GIM (a wallet keeps the password), for
# PostgreSQL "host=gimdb.example.com dbname=gim user=seats" (~/.pgpass keeps it). DAYS of facts before the high-water mark,
# default 7.
set -eu
umask 077
[ $# -ge 3 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
kind=$1 connect=$2 folder=$3 days=${4:-7}
here=$(cd "$(dirname "$0")" && pwd)
case $days in '' | *[!0-9]*) echo "export.sh: DAYS is not a number: $days" >&2; exit 64 ;; esac

# By mkdir, since mktemp's own folders are closed to whom a default ACL lets in.
folder=$(cd "$folder" && pwd)
work=$(mktemp -u "$folder/incoming.XXXXXX")
mkdir "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
cd "$work"
case $kind in
oracle) NLS_LANG=.AL32UTF8 sqlplus -L -S "$connect" "@$here/oracle.sql" "$days" </dev/null ;;
postgresql) psql --no-psqlrc --quiet --set=days="$days" --file="$here/postgresql.sql" "$connect" ;;
*) echo "export.sh: no $kind, but oracle or postgresql" >&2; exit 64 ;;
esac

# A file that broke off, on a full disk for instance, does not end with a line. SQL*Plus begins a page every 50,000 rows, and may write
# the headings again.
for table in media_type dialing_mode resource_ sm_res_session_fact interaction_resource_fact irf_user_data_gen_1 contact_attempt_fact; do
	[ -s $table.csv ] && [ -z "$(tail -c 1 $table.csv)" ] || { echo "export.sh: $table.csv is not whole" >&2; exit 1; }
	[ $kind = postgresql ] && continue
	awk 'NR == 1 { headings = $0 } NR == 1 || $0 != headings' $table.csv >$table.new && mv $table.new $table.csv
done
mark=$(tr -d '[:space:]' <mark.txt)
case $mark in
[0-9][0-9][0-9][0-9]_[0-9][0-9]_[0-9][0-9]_[0-9][0-9]_[0-9][0-9]_[0-9][0-9]) ;;
*) echo "export.sh: there is no high-water mark: may ctl_extract_history and ctl_transform_history be read, and is what was extracted of every T-Server and OCS transformed?" >&2; exit 1 ;;
esac
rm mark.txt
chunk=export_$mark
if [ -e "../$chunk" ]; then
	echo "export.sh: $chunk is there: the GIM has read nothing since" >&2
	exit 0
fi
sync
cd ..
mv "$work" "$chunk"
echo "$chunk"
