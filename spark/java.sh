#!/bin/sh
# Prints the home of a Java that Spark 3.5 runs on: 8, 11 or 17. JAVA_HOME's is taken first, then that of PATH, then what the system
# has. Fails where there is none.
set -eu

suits() { [ -x "$1/bin/java" ] && "$1/bin/java" -version 2>&1 | grep -Eq 'version "(1\.8|11|17)[."]'; }

on_path=$(command -v java) && on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
for home in "${JAVA_HOME-}" "$on_path" /usr/lib/jvm/*; do
	if suits "$home"; then
		echo "$home"
		exit
	fi
done
echo "java.sh: Spark 3.5 needs Java 17 (or 11, 8): install openjdk-17-jre-headless, or set JAVA_HOME" >&2
exit 1
