package lake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/compute"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

// Stage is where the rows of tenants wait, one after the other, until the lake takes them: a scratch store with tables of its own. Several
// may be at work at once.
type Stage struct {
	*store.Scratch
	lake *Lake
}

// Stages opens as many as are wanted.
func (l *Lake) Stages(ctx context.Context, n int) ([]*Stage, error) {
	for len(l.stages) < n {
		s, err := l.stage(ctx)
		if err == nil {
			err = s.know(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	return l.stages, nil
}

func (l *Lake) stage(ctx context.Context) (*Stage, error) {
	scratch, err := store.OpenEmpty(ctx, l.Beside, l.Engine)
	if err != nil {
		return nil, err
	}
	s := &Stage{scratch, l}
	l.stages = append(l.stages, s)
	if err := plain.MakeTemp(s.TempDir()); err != nil {
		return nil, err
	}
	// One thread writes a file to a month and bucket, and its rows in their order.
	err = duck.ExecAll(ctx, s.Conn, []string{"store/one_thread", "lake/desk"})
	var made []string
	if err == nil {
		made, err = duck.All[string](ctx, s.Conn, "lake/staged", sql.Named("schema", string(schemaText)))
	}
	if err == nil {
		_, err = s.Conn.ExecContext(ctx, strings.Join(made, ";"))
	}
	return s, err
}

// know learns what the lake has.
func (s *Stage) know(ctx context.Context) error {
	l := s.lake
	names, err := duck.All[string](ctx, l.desk.Conn, "lake/live", sql.Named("relation", exported))
	if err != nil || len(names) == 0 {
		return err
	}
	files, err := l.fetch(ctx, l.last(), names)
	if err == nil {
		_, err = duck.Exec(ctx, s.Conn, "lake/know", sql.Named("files", files))
	}
	return err
}

// Summary is what was staged of a tenant.
type Summary struct {
	Days, Months int
	Uncounted    []calendar.Date // that have a slice, and no numbers of it: they are not in the lake
}

// change is a day or a month whose rows in the lake are to be others.
type change struct {
	Month            string
	Day              string // "": of the month as a whole
	Counted, HasRows bool
	Rules            string
	AsOf, Extracted  int64 // epoch seconds
	Sealed           bool  // its rows lie in a file of their own
}

// Tenant stages what the lake does not have of a tenant's store as it is. The errors are those of store.OpenScratch.
func (s *Stage) Tenant(ctx context.Context, tenant config.Tenant, period audit.Period) (summary Summary, err error) {
	of := &staging{Stage: s, tenant: tenant, period: period, masks: s.lake.masks}
	if of.masks != nil {
		of.masks = of.masks.Of(tenant.Name)
	}
	file, err := s.lake.file(tenant, period)
	if err != nil || file != "" && file == s.lake.has[tenant.Name].File {
		return summary, err
	}
	if err = of.all(ctx, file, &summary); err != nil {
		keep := context.WithoutCancel(ctx)
		err = errors.Join(err, use(keep, s, "memory"))
		for _, t := range append([]*table{replaced}, s.lake.tables...) {
			_, no := duck.ExecOn(keep, s.Conn, "lake/each_forget", t.Table, sql.Named("tenant", tenant.Name))
			err = errors.Join(err, no)
		}
	}
	return summary, err
}

// file tells a tenant's store as it is now from what it was, and from the same as other statements would export it; "" where not all of it
// is wanted, or more than it tells.
func (l *Lake) file(tenant config.Tenant, period audit.Period) (string, error) {
	info, err := os.Stat(tenant.StorePath())
	if errors.Is(err, os.ErrNotExist) || l.Prune || period != (audit.Period{}) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.16x", sha256.Sum256(fmt.Appendf(nil, "%s %d %d", l.salt, info.Size(), info.ModTime().UnixNano()))), nil
}

type staging struct {
	*Stage
	tenant config.Tenant
	period audit.Period
	masks  *pseudonym.Key // nil: none
}

func use(ctx context.Context, s *Stage, database string) error {
	_, err := s.Conn.ExecContext(ctx, "use "+database)
	return err
}

// in runs statements with the tables of a database as those that names lead to.
func (s *staging) in(ctx context.Context, database string, run func() error) error {
	if err := use(ctx, s.Stage, database); err != nil {
		return err
	}
	if err := run(); err != nil {
		return err
	}
	return use(ctx, s.Stage, "memory")
}

func (s *staging) all(ctx context.Context, file string, summary *Summary) error {
	var wanted func(calendar.Month) bool
	if s.masks != nil {
		wanted = s.period.Touches
	}
	home, err := s.Turn(ctx, s.tenant.StorePath(), wanted)
	if err != nil {
		return err
	}
	var store string
	var changes []change
	err = s.in(ctx, home, func() error {
		runs, err := duck.One[string](ctx, s.Conn, "lake/store")
		store = s.masks.Digest(runs)
		if err != nil || runs == "" {
			return err
		}
		if err := s.lake.claim(s.tenant.Name, store); err != nil {
			return err
		}
		args := append(s.period.Bounds(), sql.Named("tenant", s.tenant.Name), sql.Named("salt", s.lake.salt), sql.Named("prune", s.lake.Prune))
		if _, err := duck.Exec(ctx, s.Conn, "lake/change", args...); err != nil {
			return err
		}
		changes, err = duck.All[change](ctx, s.Conn, "lake/changed")
		return err
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	sealed := map[string]bool{}
	for _, c := range changes {
		switch {
		case !c.Counted:
			day, err := calendar.ParseDate(c.Day)
			if err != nil {
				return err
			}
			summary.Uncounted, file = append(summary.Uncounted, day), ""
		case c.Day == "":
			summary.Months++
		default:
			summary.Days++
			sealed[c.Month] = sealed[c.Month] || c.HasRows && c.Sealed
		}
	}
	if len(sealed) > 0 && wanted == nil {
		if home, err = s.Turn(ctx, s.tenant.StorePath(), func(m calendar.Month) bool { return sealed[m.String()] }); err != nil {
			return err
		}
	}
	return fail.InTurn(ctx,
		func(ctx context.Context) error { return s.each(ctx, home, texts.Names("lake/number_")) },
		func(ctx context.Context) error { return s.rows(ctx, home, changes) },
		func(ctx context.Context) error {
			return s.each(ctx, home, []string{"lake/replace", "lake/exported"}, sql.Named("store", store), sql.Named("file", file), sql.Named("now", s.lake.Now.Unix()))
		})
}

// rows stages the rows of days, and the rules that they were counted by.
func (s *staging) rows(ctx context.Context, home string, changes []change) (err error) {
	rules := []any{}
	for _, c := range changes {
		if !c.HasRows || !c.Counted {
			continue
		}
		day, err1 := calendar.ParseDate(c.Day)
		t, err2 := s.tenant.WithRules([]byte(c.Rules))
		if err = cmp.Or(err1, err2); err == nil && s.masks != nil {
			t, err = s.masked(ctx, t, day)
		}
		if err != nil {
			return fmt.Errorf("export %s: %w", c.Day, err)
		}
		rules = append(rules, map[string]any{"day": c.Day, "as_of": c.AsOf, "extracted": c.Extracted, "text": json.RawMessage(t.Rules()), "rules": compute.RulesFor(t, day)})
	}
	if s.masks == nil && len(rules) > 0 {
		err = s.each(ctx, home, append([]string{"lake/due"}, texts.Names("lake/row_")...), bounds(audit.Period{})...)
	}
	if err == nil && len(rules) > 0 {
		err = s.each(ctx, "memory", []string{"lake/rule"}, duck.JSON("days", rules))
	}
	return err
}

// masked stages the rows of a day with pseudonyms, and gives the tenant with the rules that count them.
func (s *staging) masked(ctx context.Context, t config.Tenant, day calendar.Date) (config.Tenant, error) {
	err := s.TakeRows(ctx, day, day)
	if err == nil {
		t, err = s.masks.Day(ctx, s.Scratch, t, day)
	}
	var sum string
	if err == nil {
		sum, err = extract.SliceSHA256(ctx, s.Conn, day)
	}
	if err == nil {
		_, err = duck.Exec(ctx, s.Conn, "ask/pseudonym_slice", sql.Named("day", day.String()), sql.Named("sha256", sum))
	}
	if err == nil {
		err = s.each(ctx, "memory", append([]string{"lake/due", "lake/masked_examples"}, texts.Names("lake/row_")...), bounds(audit.Period{From: day, To: day})...)
	}
	return t, cmp.Or(err, s.Empty(ctx))
}

func bounds(p audit.Period) (named []sql.NamedArg) {
	for _, b := range p.Bounds() {
		named = append(named, b.(sql.NamedArg))
	}
	return named
}

// each runs statements, where names of tables lead to those of a database, with what each wants of values.
func (s *staging) each(ctx context.Context, database string, statements []string, values ...sql.NamedArg) error {
	values = append(values, sql.Named("tenant", s.tenant.Name), sql.Named("masked", s.masks != nil))
	return s.in(ctx, database, func() error {
		for _, name := range statements {
			var args []any
			for _, v := range values {
				if strings.Contains(texts.Text(name), "$"+v.Name) {
					args = append(args, v)
				}
			}
			if _, err := duck.Exec(ctx, s.Conn, name, args...); err != nil {
				return err
			}
		}
		return nil
	})
}
