package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"seats/cmd/seats/explain"
	"seats/cmd/seats/job"
	"seats/internal/calendar"
	"seats/internal/config"
)

// picturesOfRun is how many regions a run draws; of the others `explain` does.
const picturesOfRun = 4

// drawDay draws the curves of the day that was run, for people at a terminal. What cannot be drawn is a warning: the run is done.
func drawDay(ctx context.Context, w *world, root *cli, t *terminal, tenant config.Tenant, day calendar.Date) {
	p, ok := pictureFor(screenOf(w, root.NoColor))
	if !ok {
		return
	}
	if err := drawRegions(ctx, w.stdout, p, tenant, day); err != nil {
		t.warn("the day cannot be drawn", job.Explain(err, tenant), "tenant", tenant.Name, "day", day)
	}
}

func drawRegions(ctx context.Context, out io.Writer, p picture, tenant config.Tenant, date calendar.Date) error {
	db, err := openWhole(ctx, tenant, func(m calendar.Month) bool { return m == date.YearMonth() })
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // only read
	explainer := explain.New(conn, tenant)
	for i, region := range tenant.Regions {
		if i == picturesOfRun {
			_, err := fmt.Fprintf(out, "\n%d regions more: seats explain --tenant %s --date %s --region R\n", len(tenant.Regions)-i, tenant.Name, date)
			return err
		}
		day, err := explainer.Day(ctx, date, region.Name, "")
		if err != nil {
			return err
		}
		picture := p.draw(day.Curve, day.Zone)
		if picture == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "\n%s %s, %s (%s)\n%s", tenant.Name, region.Name, date, region.Zone, strings.TrimSuffix(picture, "\n")); err != nil {
			return err
		}
	}
	return nil
}
