package audit

import (
	"context"
	"fmt"
	"slices"

	"seats/internal/duck"
	"seats/report"
)

// checkConsistency asks the published results whether they can be true together.
func (w *auditor) checkConsistency(ctx context.Context) error {
	for _, c := range []struct {
		rule Rule
		what string // with the two numbers that do not fit
	}{
		{ConcurrentOverEnabled, "%d agents at once, %d in the whole day"},
		{DayOverMonth, "%d agents in a day, %d in the whole month"},
		{LocationOverRegion, "%d agents at once in a location, %d in the region"},
		{RegionOverLocations, "%d agents at once in the region, %d in all its locations together"},
	} {
		from, to := w.Period.bounds()
		err := duck.Each(ctx, w.scratch.Conn, "ask/consistency_"+string(c.rule), func(scan func(...any) error) error {
			f := Finding{Rule: c.rule}
			var larger, smaller int64
			err := scan(&f.Region, &f.Period, &larger, &smaller)
			f.What = fmt.Sprintf(c.what, larger, smaller)
			w.add(f)
			return err
		}, named("from", from), named("to", to))
		if err != nil {
			return err
		}
	}
	if err := w.checkQuality(ctx); err != nil {
		return err
	}
	return w.remarkJumps(ctx)
}

// checkQuality holds the data-quality counts against the slices, and the manifests against blocking rules.
func (w *auditor) checkQuality(ctx context.Context) error {
	from, to := w.Period.bounds()
	err := duck.Each(ctx, w.scratch.Conn, "ask/consistency_quality_impossible", func(scan func(...any) error) error {
		f := Finding{Rule: QualityImpossible}
		err := scan(&f.Period, &f.What)
		w.add(f)
		return err
	}, named("from", from), named("to", to))
	if err != nil {
		return err
	}
	for _, i := range w.issued {
		m := w.manifests[i.File]
		at := slices.IndexFunc(m.Quality, func(q report.Quality) bool { return q.Blocking && q.Count > 0 })
		if at >= 0 {
			w.add(Finding{Rule: IssuedThoughBlocked, Region: i.Region, Period: i.Period, Details: m.Quality[at].Examples,
				What: fmt.Sprintf("%s was issued with %d of %s", i.File, m.Quality[at].Count, m.Quality[at].Rule)})
		}
	}
	return nil
}

// remarkJumps names peaks that are far from those of the same weekday in the eight weeks before: by more than
// half of their median, and by ten agents at least, four such days being known.
func (w *auditor) remarkJumps(ctx context.Context) error {
	from, to := w.Period.bounds()
	return duck.Each(ctx, w.scratch.Conn, "ask/consistency_jump", func(scan func(...any) error) error {
		f := Finding{Rule: Jump}
		var agents, usual, weeks int64
		err := scan(&f.Region, &f.Period, &agents, &usual, &weeks)
		f.What = fmt.Sprintf("%d agents at once, where the same weekday of %d earlier weeks had %d (median)", agents, weeks, usual)
		w.add(f)
		return err
	}, named("from", from), named("to", to))
}
