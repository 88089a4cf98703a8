package main

import (
	"context"
	"time"

	"seats/cmd/seats/deliver"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/report"
)

var fileHeader = []string{"tenant", "region", "measure", "period", "revision", "value", "state", "stands", "file", "supersedes", "reason", "issued_at", "delivered_at"}

// fileRows lists what was issued, each chain of revisions in its order; the one that stands is the last.
func fileRows(ctx context.Context, db duck.Queryer, tenant config.Tenant, issued []report.Issue, _ time.Time) (rows [][]any, err error) {
	delivered, err := deliver.Delivered(ctx, db)
	if err != nil {
		return nil, err
	}
	at := map[string]any{} // no key: nil
	for _, d := range delivered {
		at[d.File] = d.At
	}
	for n, i := range issued {
		stands := true
		if n+1 < len(issued) {
			next := issued[n+1]
			stands = i.Region != next.Region || i.Measure != next.Measure || i.Period != next.Period
		}
		rows = append(rows, []any{tenant.Name, i.Region, string(i.Measure), i.Period, i.Revision, i.Value, i.State, stands, i.File, i.Supersedes, i.Reason, i.IssuedAt, at[i.File]})
	}
	return rows, nil
}
