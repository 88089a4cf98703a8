package report

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"seats/internal/duck"
)

// IssuedFiles is every data file that was issued, revision by revision.
func IssuedFiles(ctx context.Context, q duck.Queryer) ([]Issue, error) {
	var issues []Issue
	err := duck.Each(ctx, q, "store/issued_file", func(scan func(...any) error) error {
		var i Issue
		var peak sql.NullInt64
		var issued int64
		err := scan(&i.Region, &i.Measure, &i.Period, &i.Revision, &i.Value, &i.State, &i.File, &i.SHA256, &i.ManifestSHA256,
			&i.Supersedes, &i.Reason, &peak, &i.PeakSeconds, &issued, &i.RulesSHA256, &i.Stands)
		if peak.Valid {
			at := time.Unix(peak.Int64, 0).UTC()
			i.PeakAt = &at
		}
		i.IssuedAt = time.Unix(issued, 0).UTC()
		issues = append(issues, i)
		return err
	})
	return issues, err
}

// PutIssuedFile writes one revision, in place of what the store held of it.
func PutIssuedFile(ctx context.Context, q duck.Queryer, i Issue) error {
	id := []any{sql.Named("region", i.Region), sql.Named("measure", string(i.Measure)), sql.Named("period", i.Period), sql.Named("revision", i.Revision)}
	if _, err := duck.Exec(ctx, q, "store/delete_issued_file", id...); err != nil {
		return fmt.Errorf("remember %s: %w", i.File, err)
	}
	var peak *int64
	if i.PeakAt != nil {
		ts := i.PeakAt.Unix()
		peak = &ts
	}
	_, err := duck.Exec(ctx, q, "store/insert_issued_file", append(id,
		sql.Named("value", i.Value), sql.Named("state", i.State), sql.Named("file", i.File), sql.Named("sha256", i.SHA256),
		sql.Named("manifest_sha256", i.ManifestSHA256), sql.Named("supersedes", i.Supersedes), sql.Named("reason", i.Reason),
		sql.Named("peak_ts", peak), sql.Named("peak_seconds", i.PeakSeconds), sql.Named("issued_ts", i.IssuedAt.Unix()), sql.Named("rules_sha256", i.RulesSHA256))...)
	if err != nil {
		return fmt.Errorf("remember %s: %w", i.File, err)
	}
	return nil
}
