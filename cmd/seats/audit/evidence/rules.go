package evidence

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"strconv"

	"seats/compute"
)

// writeRules writes the counting rules: as the configuration has them, and as the rows that the statements read.
func (p *packer) writeRules(context.Context) error {
	day := [][]string{{"day", "rules_sha256", "sql_sha256", "slice_sha256", "state", "end_second_counts"}}
	span := [][]string{{"day", "region", "timezone", "start_ts", "end_ts"}}
	location := [][]string{{"rules_sha256", "region", "location", "is_default"}}
	listed := [][]string{{"rules_sha256", "region", "location", "switch_name"}}
	exclude := [][]string{{"rules_sha256", "pattern"}}
	seen := map[string]bool{}
	for _, c := range p.computed {
		rules := compute.RulesFor(c.tenant, c.day)
		day = append(day, []string{c.day.String(), c.rules, c.sql, c.slice, c.state, strconv.FormatBool(rules.EndSecondCounts)})
		for at, r := range rules.Regions {
			span = append(span, []string{c.day.String(), r.Name, c.tenant.Regions[at].Zone.String(), number(r.Day.Start), number(r.Day.End)})
		}
		if seen[p.digest(c.rules)] {
			continue
		}
		seen[p.digest(c.rules)] = true
		if err := p.put("rules/"+p.digest(c.rules)+".json", []byte(c.text+"\n")); err != nil {
			return err
		}
		for _, pattern := range rules.Exclude {
			exclude = append(exclude, []string{c.rules, pattern})
		}
		for _, r := range rules.Regions {
			for _, l := range r.Locations {
				location = append(location, []string{c.rules, r.Name, l.Name, strconv.FormatBool(len(l.Switches) == 0)})
				for _, s := range l.Switches {
					listed = append(listed, []string{c.rules, r.Name, l.Name, s})
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
	for name, rows := range map[string][][]string{"month_day": counted, "day": day, "region_day": span, "location": location, "switch": listed, "exclude": exclude} {
		if err := p.putCSV("rules/"+name+".csv", rows); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) putCSV(name string, rows [][]string) error {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return p.put(name, p.mask(out.Bytes()))
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func named(name string, value any) sql.NamedArg { return sql.Named(name, value) }
