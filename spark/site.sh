#!/usr/bin/env bash
# Makes a site of simulated tenants with oddities of all kinds: an export folder and a configuration for each.
# Usage: site.sh FOLDER TENANTS DAYS [LAST]. The days are the last ones of a March, in which clocks are changed twice; a whole month is
# 31; or those up to LAST.
set -euo pipefail
dir=$1 tenants=$2 days=$3 last=${4:-2026-03-31}
gimsim=$(cd "$(dirname "${BASH_SOURCE[0]}")/../bin" && pwd)/gimsim

zones=(America/New_York Europe/London Asia/Kolkata Australia/Lord_Howe America/Santiago UTC)
before=$(date -u -d "$last - $days days" +%F) # for sessions that cross midnight
mkdir -p "$dir/tenants.d"
cat >"$dir/seats.yaml" <<'YAML'
globals: {session_end: inclusive, readiness: off, engine: {memory_limit: 500MB, threads: 1}}
tenants_dir: tenants.d
YAML
for ((i = 1; i <= tenants; i++)); do
	name=$(printf '%03d' "$i")
	cat >"$dir/tenants.d/$name.yaml" <<YAML
export_dir: ../exports/$name
timezone: ${zones[i % 6]}
exclude_agents: ["TEST*", "?EST_*"]
regions:
  US: {timezone: America/New_York, locations: {dallas: {switches: [SIP_DAL_1, SIP_DAL_2]}, other: {switches: []}}}
  EU: {timezone: Europe/London, locations: {london: {switches: [SIP_LON]}, paris: {switches: [SIP_PAR]}}}
  HOME: {timezone: ${zones[i % 6]}, locations: {lab: {switches: [SIP_LAB]}}}
YAML
	# Of every other tenant the source ends with the month: its last sessions are open.
	high_water=$(date -u -d "$last + $((1 + i % 2)) days" +%F)T12:00:00Z
	"$gimsim" export --dir "$dir/exports/$name" --seed "$i" --from "$before" --days $((days + 1)) --agents $((10 + i % 5 * 10)) \
		--ocs-share=0.6 --legs-per-hour=1 --no-interactions --high-water "$high_water" --open=0.03 --stuck=0.002 --overlapping=0.02 --broken=0.01 \
		--zero-length=0.02 --long=0.005 --orphan=0.02 --no-employee-id=0.05 --two-keys=0.1 --test-agents=0.05 --roaming=0.1 --unknown-switch=0.03 --unlisted-switch=0.03
done
