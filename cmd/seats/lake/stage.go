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

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/pseudonym"
	"example.com/seats/compute"
	"example.com/seats/extract"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/list"
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
	failed, err := s.turn(ctx, func(calendar.Month) bool { return masked })
	for tenant, no := range failed {
		s.results[tenant].Err = no
	}
	if err == nil {
		err = s.claims(ctx)
	}
	if err != nil || len(s.members) == 0 {
		return err
	}
	err = duck.ExecAll(ctx, s.desk.Conn, []string{"lake/member", "lake/change"}, duck.JSON("members", s.members), sql.Named("salt", s.salt), sql.Named("prune", s.Prune))
	if err != nil {
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
		for _, no := range failed { // what is said of it would be lost with its rows
			return no
		}
		if err != nil {
			return err
		}
	}
	err = duck.ExecAll(ctx, s.desk.Conn, append(texts.Names("lake/number_"), "lake/replace", "lake/exported"), sql.Named("masked", masked), sql.Named("now", s.Now.Unix()))
	if err == nil {
		err = s.allRows(ctx, changes)
	}
	return err
}

// turn has the members' stores be those that are asked, without those that cannot be opened: their errors stand by their tenants.
func (s *staging) turn(ctx context.Context, wanted func(calendar.Month) bool) (failed map[string]error, err error) {
	stores := list.Of(s.members, func(m member) store.Member {
		return store.Member{Tenant: m.Tenant, Path: s.tenants[m.Tenant].StorePath()}
	})
	return s.desk.Turn(ctx, stores, wanted, s.masks != nil)
}

// claims takes the members' places in the lake, and leaves out those that have none, and those whose stores cannot be read or are empty.
func (s *staging) claims(ctx context.Context) error {
	stores, err := duck.By[string, string](ctx, s.desk.Conn, "lake/store")
	var members []member
	for _, m := range s.members {
		r := s.results[m.Tenant]
		if is := stores[m.Tenant]; is != nil && r.Err == nil {
			m.Store = s.masks.Digest(is[0])
			if r.Err = s.claim(m.Tenant, m.Store); r.Err == nil {
				members = append(members, m)
			}
		}
	}
	s.members = members
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
	if err == nil {
		err = s.do(ctx, "rule", duck.JSON("days", rules))
	}
	return err
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
		err = duck.ExecAll(ctx, s.desk.Conn, []string{"ask/pseudonym_slice", "lake/masked_examples"}, sql.Named("day", day.String()), sql.Named("sha256", sum))
	}
	if err == nil {
		err = s.rows(ctx, day.String())
	}
	return t, cmp.Or(err, s.desk.Empty(ctx))
}

// rows stages the rows of a day, or of all that are due.
func (s *staging) rows(ctx context.Context, day string) error {
	return duck.ExecAll(ctx, s.desk.Conn, append([]string{"lake/due", "lake/due_span"}, texts.Names("lake/row_")...), sql.Named("day", day), sql.Named("masked", s.masks != nil))
}
