package evidence

import (
	"bytes"
	"context"
	_ "embed" // for the texts of a pack
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/compute"
	"example.com/seats/internal/store"
	"example.com/seats/report"
	texts "example.com/seats/sql"
)

// digests are what stands in the place of digests in a pack with pseudonyms, so that nobody can try names against one that
// a name went into. Where the packer had before it what a digest is of, it gives way to the digest of what stands in the
// pack instead, and can be checked there; any other one gives way to a keyed one, which fits nothing in the pack.
type digests struct {
	masks *pseudonym.Key    // nil: no pseudonyms, and every digest stays
	of    map[string]string // by the original
}

// replace puts the digest of what stands in the pack in the place of the original's. That of a text without names stays.
func (d digests) replace(original, packed string) { d.of[original], d.of[packed] = packed, packed }

// digest is what stands in the pack in the place of a digest.
func (d digests) digest(sum string) string {
	if d.masks == nil || sum == "" {
		return sum
	}
	if _, known := d.of[sum]; !known {
		d.replace(sum, d.masks.Digest(sum))
	}
	return d.of[sum]
}

var anyDigest = regexp.MustCompile(`[0-9a-f]{64}`)

// mask is a text of the pack with all its digests replaced, whatever they are of.
func (d digests) mask(text []byte) []byte {
	return anyDigest.ReplaceAllFunc(text, func(sum []byte) []byte { return []byte(d.digest(string(sum))) })
}

// leftOut takes the place of a text that people wrote or that came from an error, in a pack with pseudonyms.
const leftOut = "(left out: it may name an agent)"

// writeIssued adds the data files, manifests and signatures of the period as they lie in the output folder, and what
// the store says of them. What is gone from the folder is missing here too: the audit says so.
func (p *packer) writeIssued(ctx context.Context) error {
	issues, err := report.IssuedFiles(ctx, p.scratch.Conn)
	if err != nil {
		return err
	}
	rows := [][]string{{"region", "measure", "period", "revision", "value", "state", "file", "sha256", "manifest_sha256", "supersedes", "reason", "peak_ts", "peak_seconds", "issued_at"}}
	for _, i := range issues {
		if !p.Period.HoldsText(i.Period) {
			continue
		}
		peak := ""
		if i.PeakAt != nil {
			peak = number(i.PeakAt.Unix())
		}
		rows = append(rows, []string{i.Region, string(i.Measure), i.Period, strconv.Itoa(i.Revision), number(i.Value), i.State, i.File, i.SHA256,
			i.ManifestSHA256, i.Supersedes, p.masked(i.Reason), peak, number(i.PeakSeconds), i.IssuedAt.UTC().Format(time.RFC3339)})
		if err := p.copyIssued(i); err != nil {
			return err
		}
	}
	return p.putTable("issued_file", "ledger/issued_file.csv", rows)
}

func (p *packer) copyIssued(i report.Issue) error {
	p.replace(i.SHA256, i.SHA256) // a data file names nobody
	for _, name := range []string{i.File, report.ManifestName(i.File), report.SignatureName(i.File)} {
		text, err := report.ReadFile(filepath.Join(p.Tenant.OutputDir, p.Tenant.Name, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		switch name {
		case report.SignatureName(i.File):
			if p.masks != nil {
				continue // names can be tried against it, too
			}
			p.signed = true
		case report.ManifestName(i.File):
			if text, err = p.maskedManifest(name, text); err != nil {
				return err
			}
		}
		if err := p.put("issued/"+name, text); err != nil {
			return err
		}
		p.copied = true
	}
	return nil
}

// maskedManifest is a manifest without what names agents: its reason, and examples of the data-quality rules, which
// results/data_quality.csv has with pseudonyms.
func (p *packer) maskedManifest(name string, text []byte) ([]byte, error) {
	if p.masks == nil {
		return text, nil
	}
	m, err := report.ParseManifest(name, text)
	if err != nil {
		return nil, err
	}
	for at := range m.Quality {
		m.Quality[at].Examples = []string{}
	}
	if m.Reason != nil {
		*m.Reason = leftOut
	}
	p.replace(m.SQLHash, m.SQLHash)
	masked, err := m.Encode()
	if err != nil {
		return nil, err
	}
	masked = p.mask(masked)
	p.replace(report.Digest(text), report.Digest(masked))
	return masked, nil
}

// masked is a text that people wrote or that came from an error: whatever it says may name an agent.
func (p *packer) masked(text string) string {
	if p.masks == nil || text == "" {
		return text
	}
	return leftOut
}

// writeLedger adds every run of the store, a line each: the very bytes that are hashed, or those that take their place. The
// hash of a line is the previous_sha256 of the next.
func (p *packer) writeLedger(ctx context.Context) error {
	runs, err := store.Runs(ctx, p.scratch.Conn)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	sums := [][]string{{"run_id", "started_at", "ended_at", "sha256"}}
	moment := func(ts int64) string { return time.Unix(ts, 0).UTC().Format(time.RFC3339) }
	for _, r := range runs {
		sum, err := r.Hash()
		if err != nil {
			return err
		}
		r.Message = p.masked(r.Message)
		if p.masks != nil {
			r.OSUser = p.masks.User(r.OSUser)
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		line = p.mask(line)
		p.replace(sum, report.Digest(line))
		lines.Write(append(line, '\n'))
		sums = append(sums, []string{number(r.ID), moment(r.StartedTS), moment(r.EndedTS), r.SHA256})
	}
	if err := p.put("ledger/run.jsonl", lines.Bytes()); err != nil {
		return err
	}
	return p.putCSV("ledger/run_sha256.csv", sums)
}

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
	return map[string]any{"Tenant": p.Tenant.Name, "From": p.from, "To": p.to, "Days": audit.Count(len(p.days), "day"), "Months": p.months, "Masked": p.masks != nil,
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
