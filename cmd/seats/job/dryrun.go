package job

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sort"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
	"seats/report"
)

// WhatIf is a number as it stands beside what the job's configuration would give.
type WhatIf struct {
	Region, Period string
	Measure        report.Measure
	Issued         *int64 // by the newest data file; nil: none
	Stored         *int64 // in the store; nil: never computed, or no such region there
	Value          *int64 // under the job's configuration; nil: not computed, or no such region there
}

// Difference is the value less what was issued, or where nothing was, what is stored.
func (w WhatIf) Difference() *int64 {
	standing := cmp.Or(w.Issued, w.Stored)
	if standing == nil || w.Value == nil {
		return nil
	}
	d := *w.Value - *standing
	return &d
}

// DryRun computes the job's days and months under its configuration and compares them with what the store
// holds. It works in memory beside the published store, takes no lock, and leaves nothing behind.
func (j *Job) DryRun(ctx context.Context) (rows []WhatIf, err error) {
	from, to := (&state{Job: j}).period() // a month needs all its days, whichever were asked for
	wanted := func(m calendar.Month) bool { return !m.Last().Before(from) && !to.Before(m.First()) }
	scratch, err := store.OpenScratch(ctx, j.Tenant.StorePath(), duck.Of(j.Tenant.Engine), wanted)
	if err != nil {
		return nil, err
	}
	defer func() { err = Explain(errors.Join(err, scratch.Close()), j.Tenant) }()
	s := &state{Job: j, work: &store.Work{DB: scratch.DB, Conn: scratch.Conn}, failed: map[calendar.Date]bool{}, waiting: map[calendar.Date]bool{}, dry: true}
	if err := errors.Join(scratch.Take(ctx), scratch.TakeRows(ctx, from, to)); err != nil {
		return nil, fmt.Errorf("read store: %w", err)
	}
	standing, err := s.standing(ctx)
	if err != nil {
		return nil, err
	}
	s.compute(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return s.compare(standing), errors.Join(s.errs...)
}

// period is from the first day of the job's days and months to the last.
func (s *state) period() (from, to calendar.Date) {
	days := append([]calendar.Date{}, s.Days...)
	for _, m := range s.Months {
		days = append(days, m.First(), m.Last())
	}
	from, to = days[0], days[0]
	for _, d := range days {
		if d.Before(from) {
			from = d
		}
		if to.Before(d) {
			to = d
		}
	}
	return from, to
}

// numberKey identifies a measurement of the tenant.
type numberKey struct {
	period  string
	measure report.Measure
	region  string
}

// standing are the numbers of the job's days and months that the store holds, computed or issued.
func (s *state) standing(ctx context.Context) (map[numberKey]WhatIf, error) {
	wanted := map[string]bool{}
	for _, d := range s.Days {
		wanted[d.String()] = true
	}
	for _, m := range s.Months {
		wanted[m.String()] = true
	}
	found := map[numberKey]WhatIf{}
	from, to := s.period()
	err := duck.Each(ctx, s.work.Conn, "ask/stored_number", func(scan func(...any) error) error {
		var w WhatIf
		err := scan(&w.Region, &w.Measure, &w.Period, &w.Stored)
		if wanted[w.Period] {
			found[numberKey{w.Period, w.Measure, w.Region}] = w
		}
		return err
	}, sql.Named("from", from.String()), sql.Named("to", to.String()),
		sql.Named("from_month", from.YearMonth().String()), sql.Named("to_month", to.YearMonth().String()))
	if err != nil {
		return nil, err
	}
	issued, err := report.IssuedFiles(ctx, s.work.Conn)
	for _, i := range issued { // revision by revision, the newest last
		key := numberKey{i.Period, i.Measure, i.Region}
		if w := found[key]; wanted[i.Period] {
			w.Region, w.Measure, w.Period, w.Issued = i.Region, i.Measure, i.Period, &i.Value
			found[key] = w
		}
	}
	return found, err
}

// compare puts what was computed beside what stands: first everything computed, in the order of the
// configuration, then what has no counterpart.
func (s *state) compare(standing map[numberKey]WhatIf) []WhatIf {
	var rows []WhatIf
	for _, n := range s.numbers() {
		key := numberKey{n.Period, n.Measure, n.Region}
		w := standing[key]
		w.Region, w.Measure, w.Period, w.Value = n.Region, n.Measure, n.Period, &n.Value
		rows = append(rows, w)
		delete(standing, key)
	}
	computed := len(rows)
	for _, w := range standing {
		rows = append(rows, w)
	}
	left := rows[computed:]
	sort.Slice(left, func(i, j int) bool {
		a, b := left[i], left[j]
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Measure, b.Measure), cmp.Compare(a.Region, b.Region)) < 0
	})
	return rows
}
