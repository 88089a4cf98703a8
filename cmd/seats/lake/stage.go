package lake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/compute"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/store"
	texts "example.com/seats/sql"
)

// Result is what became of a tenant.
type Result struct {
	Err          error           // that of store.OpenScratch; or the tenant's place in the lake is another's
	Days, Months int             // that were staged
	Uncounted    []calendar.Date // that have a slice, and no numbers of it: they are not in the lake
}

// Tenant is one to be exported, and the days that are wanted of it.
type Tenant struct {
	config.Tenant
	Period audit.Period
}

// Batch is how many tenants are asked at once: a question to each of many small stores costs more than its answer.
const Batch = 20

// Take stages what the lake does not have of the stores of a batch of tenants, as they are, and gives what became of each. Where one spoils
// what is asked of all, each is asked for itself.
func (l *Lake) Take(ctx context.Context, tenants []Tenant) map[string]*Result {
	of := &staging{Lake: l, results: map[string]*Result{}, tenants: map[string]config.Tenant{}}
	if l.masks != nil && len(tenants) > 1 {
		return l.each(ctx, tenants)
	}
	var err error
	for _, t := range tenants {
		file, no := l.file(t)
		of.results[t.Name] = &Result{Err: no}
		if no == nil && (file == "" || file != l.has[t.Name].File) {
			of.tenants[t.Name] = t.Tenant
			from, to := t.Period.Bounds()[0].(sql.NamedArg), t.Period.Bounds()[1].(sql.NamedArg)
			of.members = append(of.members, member{Tenant: t.Name, File: file, From: from.Value, To: to.Value})
		}
	}
	if len(of.members) > 0 {
		err = of.all(ctx)
	}
	if err == nil {
		return of.results
	}
	for _, t := range append([]*table{replaced}, l.tables...) {
		for _, m := range of.members {
			err = errors.Join(err, l.on(context.WithoutCancel(ctx), "forget", t, sql.Named("tenant", m.Tenant)))
		}
	}
	if len(tenants) > 1 && ctx.Err() == nil {
		return l.each(ctx, tenants)
	}
	of.results[tenants[0].Name].Err = err
	return of.results
}

func (l *Lake) each(ctx context.Context, tenants []Tenant) map[string]*Result {
	results := map[string]*Result{}
	for _, t := range tenants {
		maps.Copy(results, l.Take(ctx, []Tenant{t}))
	}
	return results
}

// file tells a tenant's store as it is now from what it was, and from the same as other statements would export it; "" where not all of it
// is wanted, or more than it tells.
func (l *Lake) file(t Tenant) (string, error) {
	info, err := os.Stat(t.StorePath())
	if errors.Is(err, os.ErrNotExist) || l.Prune || t.Period != (audit.Period{}) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.16x", sha256.Sum256(fmt.Appendf(nil, "%s %d %d", l.salt, info.Size(), info.ModTime().UnixNano()))), nil
}

// staging is a batch on its way.
type staging struct {
	*Lake
	tenants map[string]config.Tenant
	members []member
	results map[string]*Result
}

type member struct {
	Tenant string `json:"tenant"`
	Store  string `json:"store"`
	File   string `json:"file"` // "": not all of it is wanted
	From   any    `json:"from"`
	To     any    `json:"to"`
}

// change is a day or a month whose rows in the lake are to be others.
type change struct {
	Tenant, Month    string
	Day              string // "": of the month as a whole
	Counted, HasRows bool
	Rules            string
	AsOf, Extracted  int64 // epoch seconds
	Sealed           bool  // its rows lie in a file of their own
}

func (s *staging) all(ctx context.Context) error {
	masked := s.masks != nil
	if _, err := s.turn(ctx, func(calendar.Month) bool { return masked }); err != nil {
		return err
	}
	if err := s.claims(ctx); err != nil || len(s.members) == 0 {
		return err
	}
	if err := s.do(ctx, "member", duck.JSON("members", s.members)); err != nil {
		return err
	}
	if err := s.do(ctx, "change", sql.Named("salt", s.salt), sql.Named("prune", s.Prune)); err != nil {
		return err
	}
	changes, err := duck.All[change](ctx, s.desk.Conn, "lake/changed")
	if err != nil || len(changes) == 0 {
		return err
	}
	sealed := map[string]bool{}
	for _, c := range changes {
		r := s.results[c.Tenant]
		switch {
		case !c.Counted:
			day, err := calendar.ParseDate(c.Day)
			if err != nil {
				return err
			}
			r.Uncounted = append(r.Uncounted, day)
		case c.Day == "":
			r.Months++
		default:
			r.Days++
			if c.HasRows && c.Sealed {
				sealed[c.Month] = true
			}
		}
	}
	if len(sealed) > 0 && !masked {
		failed, err := s.turn(ctx, func(m calendar.Month) bool { return sealed[m.String()] })
		for _, no := range failed { // what is to change is known of it, and its rows are not there
			err = cmp.Or(err, no)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range texts.Names("lake/number_") {
		if strings.Contains(texts.Text(name), "$masked") {
			_, err = duck.Exec(ctx, s.desk.Conn, name, sql.Named("masked", masked))
		} else {
			_, err = duck.Exec(ctx, s.desk.Conn, name)
		}
		if err != nil {
			return err
		}
	}
	return fail.InTurn(ctx,
		func(ctx context.Context) error { return s.do(ctx, "replace") },
		func(ctx context.Context) error { return s.do(ctx, "exported", sql.Named("now", s.Now.Unix())) },
		func(ctx context.Context) error { return s.allRows(ctx, changes) })
}

// turn has the members' stores be those that are asked, and leaves out those that cannot be opened.
func (s *staging) turn(ctx context.Context, wanted func(calendar.Month) bool) (failed map[string]error, err error) {
	var stores []store.Member
	for _, m := range s.members {
		stores = append(stores, store.Member{Tenant: m.Tenant, Path: s.tenants[m.Tenant].StorePath()})
	}
	failed, err = s.desk.Turn(ctx, stores, wanted, s.masks != nil)
	for tenant, no := range failed {
		s.results[tenant].Err = no
		s.members = slices.DeleteFunc(s.members, func(m member) bool { return m.Tenant == tenant })
	}
	return failed, err
}

// claim takes the members' places in the lake, and leaves out those that have none, and those whose stores are empty.
func (s *staging) claims(ctx context.Context) error {
	stores, err := duck.By[string, string](ctx, s.desk.Conn, "lake/store")
	s.members = slices.DeleteFunc(s.members, func(m member) bool {
		return err == nil && (stores[m.Tenant] == nil || s.results[m.Tenant].Err != nil)
	})
	for i := range s.members {
		m := &s.members[i]
		m.Store = s.masks.Digest(stores[m.Tenant][0])
		s.results[m.Tenant].Err = s.claim(m.Tenant, m.Store)
	}
	s.members = slices.DeleteFunc(s.members, func(m member) bool { return s.results[m.Tenant].Err != nil })
	return err
}

// mask makes the pseudonyms of a tenant; nil: there are none.
func (s *staging) mask(tenant string) *pseudonym.Key {
	if s.masks == nil {
		return nil
	}
	return s.masks.Of(tenant)
}

// allRows stages the rows of days, and the rules that they were counted by.
func (s *staging) allRows(ctx context.Context, changes []change) (err error) {
	rules := []any{}
	masks := s.mask(changes[0].Tenant) // whose alone they are, where there are any
	if masks != nil {
		err = s.desk.Own(ctx, changes[0].Tenant)
	}
	for _, c := range changes {
		if !c.HasRows {
			continue
		}
		day, err1 := calendar.ParseDate(c.Day)
		t, err2 := s.tenants[c.Tenant].WithRules([]byte(c.Rules))
		if err = cmp.Or(err, err1, err2); err == nil && masks != nil {
			t, err = s.masked(ctx, masks, t, day)
		}
		if err != nil {
			return fmt.Errorf("export %s: %w", c.Day, err)
		}
		rules = append(rules, map[string]any{"tenant": c.Tenant, "day": c.Day, "as_of": c.AsOf, "extracted": c.Extracted, "text": json.RawMessage(t.Rules()), "rules": compute.RulesFor(t, day)})
	}
	if len(rules) == 0 {
		return err
	}
	if masks == nil {
		err = s.rows(ctx, "")
	}
	return cmp.Or(err, s.do(ctx, "rule", duck.JSON("days", rules)))
}

// masked stages the rows of a day with pseudonyms, and gives the tenant with the rules that count them.
func (s *staging) masked(ctx context.Context, masks *pseudonym.Key, t config.Tenant, day calendar.Date) (config.Tenant, error) {
	err := s.desk.TakeRows(ctx, day, day)
	if err == nil {
		t, err = masks.Day(ctx, s.desk, t, day)
	}
	var sum string
	if err == nil {
		sum, err = extract.SliceSHA256(ctx, s.desk.Conn, day)
	}
	if err == nil {
		_, err = duck.Exec(ctx, s.desk.Conn, "ask/pseudonym_slice", sql.Named("day", day.String()), sql.Named("sha256", sum))
	}
	if err == nil {
		err = cmp.Or(s.do(ctx, "masked_examples"), s.rows(ctx, day.String()))
	}
	return t, cmp.Or(err, s.desk.Empty(ctx))
}

// rows stages the rows of a day, or of all that are due.
func (s *staging) rows(ctx context.Context, day string) error {
	if err := s.do(ctx, "due", sql.Named("day", day)); err != nil {
		return err
	}
	return duck.ExecAll(ctx, s.desk.Conn, texts.Names("lake/row_"))
}
