package evidence

import (
	"bytes"
	_ "embed" // for the last statement
	"fmt"
	"regexp"
	"strings"

	"seats/compute"
	"seats/internal/store"
	texts "seats/sql"
)

//go:embed conclude.sql
var conclusion string

// parameter is a value bound to a statement. A plain script has variables instead, named the_day for $day, since
// $from and $to would be words of the language.
var parameter = regexp.MustCompile(`\$([a-z][a-z0-9_]*)`)

// script writes recompute.sql: plain statements for any DuckDB client that stands in the unpacked folder. Every
// value comes from a file of the pack or is a day or a month; the statements are those of sql/count, with
// variables for their parameters.
func (p *packer) script() []byte {
	s := &script{seen: map[string]bool{}}
	s.say("Counts the numbers of this pack again. In the folder that it was unpacked to:  duckdb < recompute.sql")
	s.say("The statements are those of the folder sql; RECOMPUTE.md explains them.")
	s.run("set timezone = 'UTC'")
	for _, name := range store.Schemas() {
		s.statement(name)
	}
	s.load(p)
	s.days()
	for _, c := range p.computed {
		s.hash(c)
	}
	for _, m := range p.months {
		s.month(m.String())
	}
	if p.masks == nil {
		s.conclude("as recorded")
	} else {
		s.conclude("as packed")
	}
	return s.out.Bytes()
}

type script struct {
	out  bytes.Buffer
	seen map[string]bool // statements that stand in the script with their comments
}

func (s *script) say(text string) { fmt.Fprintf(&s.out, "-- %s\n", text) }

func (s *script) run(text string) { fmt.Fprintf(&s.out, "%s;\n", strings.TrimRight(text, "; \n")) }

// statement adds a text of package sql, the first time with its comments.
func (s *script) statement(name string) { s.run(s.text(name)) }

func (s *script) text(name string) string {
	text := texts.Text(name)
	if s.seen[name] {
		var lines []string
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "--") {
				lines = append(lines, line)
			}
		}
		text = strings.Join(lines, "")
	} else {
		s.seen[name] = true
		text = "-- sql/" + name + "\n" + text
	}
	return parameter.ReplaceAllString(text, "getvariable('the_$1')")
}

// set gives a variable a text of the program's own: a day, a month, or nothing.
func (s *script) set(name, value string) {
	fmt.Fprintf(&s.out, "set variable the_%s = '%s';\n", name, value)
}

// asTheyAre says of files that their rows are all there is to read: no names of folders, and no columns of another file.
const asTheyAre = "hive_partitioning = false, union_by_name = false, filename = false"

// load fills the store's tables from the pack.
func (s *script) load(p *packer) {
	s.say("The slices and the rules of the pack.")
	for _, table := range heads {
		s.run("insert into _data." + table + " by name from read_parquet('slices/" + table + ".parquet', " + asTheyAre + ")")
	}
	for _, table := range store.RowTables() {
		s.run("insert into _data." + table + " by name from read_parquet('slices/*/" + table + ".parquet', " + asTheyAre + ")")
	}
	s.csv("day", "rules/day.csv", "day", "rules_sha256", "sql_sha256", "slice_sha256", "state", "end_second_counts")
	s.csv("region_day", "rules/region_day.csv", "day", "region", "timezone", "start_ts", "end_ts")
	s.csv("location", "rules/location.csv", "rules_sha256", "region", "location", "is_default")
	s.csv("switch", "rules/switch.csv", "rules_sha256", "region", "location", "switch_name")
	s.csv("exclude", "rules/exclude.csv", "rules_sha256", "pattern")
	s.csv("month_day", "rules/month_day.csv", "month", "region", "day")
	s.csv("issued_file", "ledger/issued_file.csv", "region", "measure", "period", "revision", "value", "state", "file", "sha256", "manifest_sha256",
		"supersedes", "reason", "peak_ts", "peak_seconds", "issued_at")
	s.run("create table pack.slice_hash (day varchar, sha256 varchar)")
	if p.copied {
		s.run("create table pack.file as select parse_filename(filename) as name, content from read_blob('issued/*')")
	} else {
		s.run("create table pack.file (name varchar, content blob)")
	}
}

// csv makes a table of texts from a file of the pack.
func (s *script) csv(table, file string, columns ...string) {
	if !s.seen["pack"] {
		s.seen["pack"] = true
		s.run("create schema pack")
	}
	var types []string
	for _, c := range columns {
		types = append(types, "'"+c+"': 'varchar'")
	}
	s.run(fmt.Sprintf("create table pack.%s as from read_csv('%s', header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"',\n"+
		"    new_line = '\\n', comment = '', nullstr = '', compression = 'none', %s,\n    columns = {%s})", table, file, asTheyAre, strings.Join(types, ", ")))
}

// days counts the days, all at once. The tables of their rules are those that the program makes of its configuration.
func (s *script) days() {
	s.out.WriteByte('\n')
	s.say("The days. First their rules (R2, R5 to R7): rows of the pack.")
	of := " from pack.day as d join pack."
	s.run("create or replace temp table rule as select d.day::date as day, s.as_of, d.end_second_counts::boolean as end_second_counts, d.state,\n" +
		"    d.slice_sha256, d.rules_sha256, '' as rules from pack.day as d join _data.slice as s on s.day = d.day::date")
	s.run("create or replace temp table rule_region_day as select day::date as day, region, start_ts::bigint as start_ts, end_ts::bigint as end_ts\n" +
		"    from pack.region_day")
	s.run("create or replace temp table rule_location as select d.day::date as day, region, location, is_default::boolean as is_default" + of + "location using (rules_sha256)")
	s.run("create or replace temp table rule_switch as select d.day::date as day, region, location, switch_name" + of + "switch using (rules_sha256)")
	s.run("create or replace temp table rule_exclude as select d.day::date as day, pattern" + of + "exclude using (rules_sha256)")
	for _, name := range compute.Steps() {
		if !strings.HasPrefix(name, "count/rule") {
			s.statement(name)
		}
	}
}

// hash computes the hash of a day's slice.
func (s *script) hash(c computation) {
	s.set("day", c.day.String())
	s.run("insert into pack.slice_hash select getvariable('the_day'), sha256 from (\n" + s.text("slice/slice_sha256") + ")")
}

// month counts a month whose days are counted.
func (s *script) month(month string) {
	s.out.WriteByte('\n')
	s.say(month)
	s.set("month", month)
	s.run("create or replace temp table rule_month_day as select region, day::date as day from pack.month_day where month = getvariable('the_month')")
	s.run("create or replace temp table rule_region_month as select distinct region, '' as state, '' as slices_sha256 from rule_month_day")
	for _, name := range []string{"rules_sha256", "sql_sha256"} {
		s.set(name, "")
	}
	s.run("set variable the_computed_ts = 0")
	s.statement("count/month_agent")
	s.statement("count/monthly_enabled")
}

// conclude prints what was issued beside what has just been counted, and how far the parts of the pack fit each other.
func (s *script) conclude(recorded string) {
	s.out.WriteByte('\n')
	s.set("recorded", recorded)
	s.run(parameter.ReplaceAllString(conclusion, "getvariable('the_$1')"))
}
