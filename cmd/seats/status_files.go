package main

import (
	"context"
	"time"

	"seats/cmd/seats/deliver"
	"seats/internal/config"
	"seats/report"
)

var fileHeader = []string{"tenant", "region", "measure", "period", "revision", "value", "state", "stands", "file", "supersedes", "reason", "issued_at", "delivered_at"}

// fileRows lists what was issued, each chain of revisions in its order; the one that stands is the last. It also gives
// the issued files.
func fileRows(ctx context.Context, tenant config.Tenant, _ time.Time) (rows [][]any, issued []report.Issue, err error) {
	db, err := openSnapshot(ctx, tenant)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close() //nolint:errcheck // only read
	if issued, err = report.IssuedFiles(ctx, db); err != nil {
		return nil, nil, err
	}
	delivered, err := deliver.Delivered(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	at := map[string]any{} // no key: nil
	for _, d := range delivered {
		at[d.File] = d.At
	}
	for n, i := range issued {
		stands := n+1 == len(issued) || !sameChain(i, issued[n+1])
		rows = append(rows, []any{tenant.Name, i.Region, string(i.Measure), i.Period, i.Revision, i.Value, i.State, stands, i.File, i.Supersedes, i.Reason, i.IssuedAt, at[i.File]})
	}
	return rows, issued, nil
}

func sameChain(a, b report.Issue) bool {
	return a.Region == b.Region && a.Measure == b.Measure && a.Period == b.Period
}
