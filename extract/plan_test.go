package extract_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/gimschema"
)

// The plan is chosen by the server's estimates: a site with few OCS-driven legs sends only those, one with many
// sends all. The slice is the same.
func TestSitesWithLittleAndMuchOutboundGiveTheSameSlice(t *testing.T) {
	g := newGIM(t, gimschema.DDL)
	g.highWater(day0 + 86400 + 7200)
	g.session(1, 1, 1, day0+10, day0+80000, 0, 1)
	for i := range int64(20) {
		g.leg(i+1, 1, 10, day0+1000+i*100, day0+1050+i*100, fmt.Sprintf("g%d", i))
	}
	staged := func() (legs int64, sum string) {
		r := newRig(t)
		src, err := extract.OpenGIMDB(t.Context(), g.config(2), nil, r.stage, func(table string, n int64) {
			if table == "interaction_resource_fact" {
				legs += n
			}
		})
		require.NoError(t, err)
		defer func() { require.NoError(t, src.Close()) }()
		return legs, r.cut(t, src, utcDay).SHA256
	}
	g.db.Exec(t, "analyze")
	legs, much := staged()
	require.EqualValues(t, 20, legs)

	g.db.Exec(t, fmt.Sprintf(`insert into interaction_resource_fact (interaction_resource_id, start_date_time_key, tenant_key, media_type_key, resource_key,
			media_resource_key, start_ts, end_ts, active_flag, create_audit_key, update_audit_key)
		select 1000 + i, %d, 1, 1, 1, 10, %d, %d, 0, 1, 1 from generate_series(1, 2000) as i`, key(day0+5000), day0+5000, day0+5060))
	g.db.Exec(t, "analyze")
	legs, little := staged()
	require.EqualValues(t, 20, legs, "only the OCS-driven legs are sent")
	require.Equal(t, much, little)
}
