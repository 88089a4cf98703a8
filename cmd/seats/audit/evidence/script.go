package evidence

import (
	"bytes"
	"context"
	_ "embed" // for the texts of a pack
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"seats/compute"
	"seats/internal/store"
	texts "seats/sql"
)

var (
	//go:embed recompute.md
	pageText string
	//go:embed script.sql
	scriptText string
	//go:embed conclude.sql
	conclusion string // prints what was issued beside what has just been counted, and how far the parts of the pack fit each other
)

// table is a file of the pack as the script reads it: all columns are texts.
type table struct {
	Name, File string
	Columns    []string
}

func (p *packer) putTable(name, file string, rows [][]string) error {
	p.tables = append(p.tables, table{name, file, rows[0]})
	return p.putCSV(file, rows)
}

func (p *packer) putCSV(file string, rows [][]string) error {
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		return err
	}
	return p.put(file, p.mask(out.Bytes()))
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// writeRules writes the counting rules: as the configuration has them, and as the rows that the statements read.
func (p *packer) writeRules(context.Context) error {
	day := [][]string{{"day", "rules_sha256", "sql_sha256", "slice_sha256", "state", "end_second_counts"}}
	span := [][]string{{"day", "region", "timezone", "start_ts", "end_ts"}}
	location := [][]string{{"rules_sha256", "region", "location", "is_default"}}
	listed := [][]string{{"rules_sha256", "region", "location", "switch_name"}}
	exclude := [][]string{{"rules_sha256", "pattern"}}
	seen := map[string]bool{}
	for _, c := range p.computed {
		rules := compute.RulesFor(c.tenant, c.Day)
		day = append(day, []string{c.Day.String(), c.Rules, c.SQL, c.Slice, c.State, strconv.FormatBool(rules.EndSecondCounts)})
		for at, r := range rules.Regions {
			span = append(span, []string{c.Day.String(), r.Name, c.tenant.Regions[at].Zone.String(), number(r.Day.Start), number(r.Day.End)})
		}
		sum := p.digest(c.Rules)
		if seen[sum] {
			continue
		}
		seen[sum] = true
		if err := p.put("rules/"+sum+".json", []byte(c.Text+"\n")); err != nil {
			return err
		}
		for _, pattern := range rules.Exclude {
			exclude = append(exclude, []string{c.Rules, pattern})
		}
		for _, r := range rules.Regions {
			for _, l := range r.Locations {
				location = append(location, []string{c.Rules, r.Name, l.Name, strconv.FormatBool(len(l.Switches) == 0)})
				for _, s := range l.Switches {
					listed = append(listed, []string{c.Rules, r.Name, l.Name, s})
				}
			}
		}
	}
	counted := [][]string{{"month", "region", "day"}}
	for _, m := range p.months {
		for _, r := range p.Tenant.Regions {
			for _, d := range r.DaysIn(m, p.Tenant.DaysOf(m)) {
				counted = append(counted, []string{m.String(), r.Name, d.String()})
			}
		}
	}
	for _, t := range []struct {
		name string
		rows [][]string
	}{{"day", day}, {"region_day", span}, {"location", location}, {"switch", listed}, {"exclude", exclude}, {"month_day", counted}} {
		if err := p.putTable(t.name, "rules/"+t.name+".csv", t.rows); err != nil {
			return err
		}
	}
	return nil
}

// writeTexts adds the statements as they are, the script that runs them, and the page that tells how.
func (p *packer) writeTexts(context.Context) error {
	for _, name := range slices.Concat(texts.Names("count/"), []string{"slice/slice_sha256"}, store.Schemas()) {
		if err := p.put("sql/"+name+".sql", []byte(texts.Text(name))); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		name, text string
		values     map[string]any
	}{{"recompute.sql", scriptText, p.script()}, {"RECOMPUTE.md", pageText, p.page()}} {
		var out bytes.Buffer
		t, err := template.New(f.name).Funcs(statements()).Parse(f.text)
		if err == nil {
			err = t.Execute(&out, f.values)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
		if err := p.put(f.name, out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// script are the values of recompute.sql: plain statements for any DuckDB client that stands in the unpacked folder. Every
// value comes from a file of the pack or is a day or a month.
func (p *packer) script() map[string]any {
	var days []string
	for _, c := range p.computed {
		days = append(days, c.Day.String())
	}
	recorded := "as recorded"
	if p.masks != nil {
		recorded = "as packed"
	}
	return map[string]any{
		"Schemas": store.Schemas(), "Heads": heads, "RowTables": store.RowTables(), "Tables": p.tables, "Copied": p.copied, "Days": days,
		"Months": p.months, "Recorded": recorded,
		// Their rules are rows of the pack, and not made of the program's configuration.
		"Steps": slices.DeleteFunc(compute.Steps(), func(name string) bool { return strings.HasPrefix(name, "count/rule") }),
	}
}

func (p *packer) page() map[string]any {
	days := "1 day"
	if n := len(p.days); n > 1 {
		days = strconv.Itoa(n) + " days"
	}
	return map[string]any{"Tenant": p.Tenant.Name, "From": p.from, "To": p.to, "Days": days, "Months": p.months, "Masked": p.masks != nil,
		"Signed": p.signed, "Statements": compute.SQLSHA256()}
}

// parameter is a value bound to a statement. A plain script has variables instead, named the_day for $day, since
// $from and $to would be words of the language.
var parameter = regexp.MustCompile(`\$([a-z][a-z0-9_]*)`)

// statements are those of package sql as the script has them, the first time with their comments.
func statements() template.FuncMap {
	seen := map[string]bool{}
	plain := func(text string) string {
		return strings.TrimRight(parameter.ReplaceAllString(text, "getvariable('the_$1')"), "; \n")
	}
	return template.FuncMap{
		"conclusion": func() string { return plain(conclusion) },
		"statement": func(name string) string {
			text := "-- sql/" + name + "\n" + texts.Text(name)
			if seen[name] {
				var lines []string
				for line := range strings.Lines(text) {
					if !strings.HasPrefix(line, "--") {
						lines = append(lines, line)
					}
				}
				text = strings.Join(lines, "")
			}
			seen[name] = true
			return plain(text)
		},
	}
}
