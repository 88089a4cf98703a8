package evidence

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	_ "embed" // for the texts of a pack
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/compute"
	"example.com/seats/compute/rule"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
	"example.com/seats/internal/settle"
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
	for _, i := range issues {
		if p.Period.HoldsText(i.Period) && err == nil {
			err = p.copyIssued(i)
		}
	}
	instead := map[bool]string{true: leftOut}[p.masks != nil]
	return cmp.Or(err, p.table(ctx, "issued_file", "ledger/issued_file.csv", append(p.Period.Bounds(), sql.Named("left_out", instead))...))
}

func (p *packer) copyIssued(i report.Issue) error {
	p.replace(i.SHA256, i.SHA256) // a data file names nobody
	names := []string{i.File, report.ManifestName(i.File), report.SignatureName(i.File)}
	if p.masks != nil {
		names = names[:2] // names can be tried against a signature, too
	}
	for at, name := range names {
		text, err := report.ReadFile(filepath.Join(p.Tenant.OutputDir, p.Tenant.Name, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && at == 1 {
			text, err = p.maskedManifest(name, text)
		}
		if err == nil {
			err = p.put("issued/"+name, text)
		}
		if err != nil {
			return err
		}
		p.copied, p.signed = true, p.signed || at == 2
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

// writeLedger adds every run of the store, a line each: the very bytes that are hashed, or those that take their place. The
// hash of a line is the previous_sha256 of the next.
func (p *packer) writeLedger(ctx context.Context) error {
	runs, err := store.Runs(ctx, p.scratch.Conn)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, r := range runs {
		sum, err := r.Hash()
		if err != nil {
			return err
		}
		if p.masks != nil {
			r.OSUser = p.masks.User(r.OSUser)
			if r.Message != "" { // whatever it says may name an agent
				r.Message = leftOut
			}
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		line = p.mask(line)
		p.replace(sum, report.Digest(line))
		lines.Write(append(line, '\n'))
	}
	if err := p.put("ledger/run.jsonl", lines.Bytes()); err != nil {
		return err
	}
	return p.copy(ctx, "ledger/run_sha256.csv", "ask/pack_run", "")
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

// table adds a file that ask/pack_<name> writes, for the script.
func (p *packer) table(ctx context.Context, name, file string, args ...any) error {
	notCopied := p.copy(ctx, file, "ask/pack_"+name, "", args...)
	text, err := os.ReadFile(filepath.Join(p.dir, file))
	header, _, _ := strings.Cut(string(text), "\n")
	p.tables = append(p.tables, table{name, file, strings.Split(header, ",")})
	return cmp.Or(notCopied, err)
}

// writeRules writes the counting rules: as the configuration has them, and as the rows that the statements read.
func (p *packer) writeRules(ctx context.Context) error {
	type day struct {
		Day   string   `json:"day"`
		Rules string   `json:"rules_sha256"` // as they stand in the pack
		SQL   string   `json:"sql_sha256"`
		Slice string   `json:"slice_sha256"`
		State string   `json:"state"`
		Zones []string `json:"zones"`
		rule.Set
	}
	days := []day{}
	for _, c := range p.computed {
		of := day{c.Day.String(), p.digest(c.Rules), c.SQL, c.Slice, c.State, nil, compute.RulesFor(c.tenant, c.Day)}
		of.Zones = list.Of(c.tenant.Regions, func(r config.Region) string { return r.Zone.String() })
		days = append(days, of)
		if err := p.put("rules/"+of.Rules+".json", []byte(c.Text+"\n")); err != nil {
			return err
		}
	}
	months := []map[string]string{}
	for _, m := range p.months {
		for _, r := range p.Tenant.Regions {
			for _, d := range r.DaysIn(m, p.Tenant.DaysOf(m)) {
				months = append(months, map[string]string{"month": m.String(), "region": r.Name, "day": d.String()})
			}
		}
	}
	steps := []string{"ask/pack_counted_day", "ask/pack_rule", "ask/pack_place"}
	err := duck.ExecAll(ctx, p.scratch.Conn, steps, duck.JSON("months", months), duck.JSON("days", days))
	for _, name := range []string{"day", "region_day", "location", "switch", "exclude", "month_day"} {
		if err == nil {
			err = p.table(ctx, name, "rules/"+name+".csv")
		}
	}
	return err
}

// writeTexts adds the statements as they are, the script that runs them, and the page that tells how.
func (p *packer) writeTexts(context.Context) error {
	var err error
	for _, name := range slices.Concat(texts.Names("count/"), []string{"slice/slice_sha256"}, store.Schemas()) {
		err = cmp.Or(err, p.put("sql/"+name+".sql", []byte(texts.Text(name))))
	}
	page := map[string]any{"Tenant": p.Tenant.Name, "From": p.from, "To": p.to, "Days": settle.Count(len(p.days), "day"), "Months": p.months,
		"Masked": p.masks != nil, "Signed": p.signed, "Statements": compute.SQLSHA256()}
	for _, f := range []struct {
		name, text string
		values     map[string]any
	}{{"recompute.sql", scriptText, p.script()}, {"RECOMPUTE.md", pageText, page}} {
		var out bytes.Buffer
		if failed := template.Must(template.New(f.name).Funcs(statements()).Parse(f.text)).Execute(&out, f.values); failed != nil {
			return fmt.Errorf("write %s: %w", f.name, failed)
		}
		err = cmp.Or(err, p.put(f.name, out.Bytes()))
	}
	return err
}

// script are the values of recompute.sql: plain statements for any DuckDB client that stands in the unpacked folder. Every
// value comes from a file of the pack or is a day or a month.
func (p *packer) script() map[string]any {
	days := list.Of(p.computed, func(c computation) string { return c.Day.String() })
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
