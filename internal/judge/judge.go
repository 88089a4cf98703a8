// Package judge answers what seats computes from slices from the rows of a GIM alone, in PostgreSQL. Both of seats' own
// computations count the same slice (R12), and a slice that was cut wrongly makes both of them wrong; the judge has none.
//
// It is written from the rules, and knows the configuration and the calendar, but nothing of extract, compute and their
// statements. It is there for tests and for the benchmark: seats itself never asks it.
package judge

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"seats/internal/calendar"
	"seats/internal/config"
)

// Period is a day or a month: in each zone it is other seconds (R7).
type Period interface {
	In(zone *time.Location) calendar.Interval
}

// Question is what a GIM is asked about a tenant's period, in the terms of the statements' parameters. Lists that belong
// together are as long as each other. Times are epoch seconds.
type Question struct {
	TenantKey       *int64
	AsOf            int64
	Lookback        int64    // seconds before the period in which a session may have begun, and before that an activity
	EndSecondCounts bool     // session_end: inclusive
	Excluded        []string // patterns, as LIKE has them

	Regions      []string
	Starts, Ends []int64 // of the period in the regions
	From, Until  int64   // of the period in any region

	Switches, Locations, SwitchRegions []string // where a switch belongs; the empty one is the default location's
}

// Ask puts the question of a tenant's period, of a GIM that is complete up to asOf.
func Ask(t config.Tenant, period Period, asOf int64) Question {
	q := Question{TenantKey: t.TenantKey, AsOf: asOf, Lookback: int64(t.MaxSessionHours) * 3600,
		EndSecondCounts: t.SessionEnd == config.SessionEndInclusive, From: math.MaxInt64, Until: math.MinInt64}
	for _, r := range t.Regions {
		span := period.In(r.Zone)
		if span.Seconds() > 0 { // a zone may skip a date
			q.From, q.Until = min(q.From, span.Start), max(q.Until, span.End)
		}
		q.Regions, q.Starts, q.Ends = append(q.Regions, r.Name), append(q.Starts, span.Start), append(q.Ends, span.End)
		for _, l := range r.Locations {
			names := l.Switches
			if len(names) == 0 {
				names = []string{""}
			}
			for _, name := range names {
				q.Switches, q.Locations, q.SwitchRegions = append(q.Switches, name), append(q.Locations, l.Name), append(q.SwitchRegions, r.Name)
			}
		}
	}
	for _, pattern := range t.ExcludeAgents {
		q.Excluded = append(q.Excluded, strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%", "?", "_").Replace(pattern))
	}
	return q
}

// Peak is the concurrent count of a region, or of a location of it, on a day (R8).
type Peak struct {
	Region   string
	Location string // "": the region as a whole
	Agents   int64  `db:"peak"`
	At       int64  `db:"peak_ts"`      // first second at the peak; 0 where there is no agent
	Seconds  int64  `db:"peak_seconds"` // how many seconds of the day are at the peak
}

// RegionPeaks answers for the regions alone, by name, and as fast as it can: for a GIM with primary keys and one tenant,
// session_end: exclusive, and a day that is long over. Answer knows the rest.
func (q Question) RegionPeaks(ctx context.Context, conn *pgx.Conn) (peaks []Peak, err error) {
	err = read(ctx, conn, &peaks, "region_peak", q.Regions, q.Starts, q.Ends, q.Switches, q.SwitchRegions, q.DefaultRegion(), q.AsOf,
		q.From-q.Lookback, q.From-2*q.Lookback, q.Until, q.Excluded)
	return peaks, err
}

// DefaultRegion is the region of the default location, "" where there is none.
func (q Question) DefaultRegion() string {
	if i := slices.Index(q.Switches, ""); i >= 0 {
		return q.SwitchRegions[i]
	}
	return ""
}
