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
	for _, c := range p.computed {
		s.day(c)
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

// day counts a day.
func (s *script) day(c computation) {
	day := c.day.String()
	s.out.WriteByte('\n')
	s.say(day)
	s.set("day", day)
	s.run("set variable the_state = (select state from pack.day where day = getvariable('the_day'))")
	s.rules()
	for _, name := range compute.Steps() {
		s.statement(name)
	}
	s.run("create or replace temp table slice_hash as\n" + s.text("slice/slice_sha256"))
	s.run("insert into pack.slice_hash select getvariable('the_day'), sha256 from slice_hash")
}

// rules fills the tables that the statements read the day's rules from.
func (s *script) rules() {
	for _, name := range []string{"rule", "region_day", "location", "switch", "exclude"} {
		s.statement("count/rule_" + name)
	}
	of := " join pack.day as d using (rules_sha256) where d.day = getvariable('the_day')"
	s.run("insert into rule select s.as_of, d.end_second_counts::boolean from _data.slice as s join pack.day as d on d.day::date = s.day where d.day = getvariable('the_day')")
	s.run("insert into rule_region_day select region, start_ts::bigint, end_ts::bigint from pack.region_day where day = getvariable('the_day')")
	s.run("insert into rule_location select region, location, is_default::boolean from pack.location" + of)
	s.run("insert into rule_switch select switch_name, region, location from pack.switch" + of)
	s.run("insert into rule_exclude select pattern from pack.exclude" + of)
}

// month counts a month whose days are counted.
func (s *script) month(month string) {
	s.out.WriteByte('\n')
	s.say(month)
	s.set("month", month)
	s.statement("count/rule_region_month")
	s.statement("count/rule_month_day")
	s.run("insert into rule_month_day select region, day::date from pack.month_day where month = getvariable('the_month')")
	s.run("insert into rule_region_month select distinct region, '', '' from rule_month_day")
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
