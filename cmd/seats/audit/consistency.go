package audit

import (
	"context"
	"fmt"
	"slices"

	"seats/internal/duck"
	"seats/report"
)

// checkConsistency asks the published results whether they can be true together, and the manifests whether anything was issued
// over a blocking rule.
func (w *auditor) checkConsistency(ctx context.Context) error {
	err := duck.Each(ctx, w.scratch.Conn, "ask/consistency", func(scan func(...any) error) error {
		var f Finding
		err := scan(&f.Rule, &f.Region, &f.Period, &f.What)
		w.add(f)
		return err
	}, w.Period.Bounds()...)
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
