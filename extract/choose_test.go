package extract_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/fail"
)

// However the copies of rows are spread over chunks, and whichever files are such that DuckDB has to read all of them, the
// slice is the one that looking at every row gives.
func TestEveryCopyIsReadOfWhatMattersInAnyChunk(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			rows := drawCopies(r)
			dir := exportOf(t, rows.chunks(r, 4)...)
			var tenant *int64
			if seed%2 == 1 {
				tenant = new(int64)
				*tenant = 1
			}
			held := newRig(t)
			o := exportOptions(t)
			o.TenantKey = tenant
			src, err := extract.OpenExport(t.Context(), dir, o)
			require.NoError(t, err)
			held.cut(t, openAt{src, day0 + 86400 + 7200}, utcDay)
			require.Equal(t, rows.slice(tenant), append(held.strings(t, heldSessionsSQL), held.strings(t, heldActivitiesSQL)...))
		})
	}
}

// openAt is a source with another high-water mark.
type openAt struct {
	extract.Source
	mark int64
}

func (o openAt) Horizon() extract.Horizon { return extract.Horizon{HighWater: &o.mark} }

// chunks deals the copies out among so many chunks. Some files have an empty line behind their rows, or a number in quotes
// that is empty: DuckDB reads these whole.
func (c copies) chunks(r *rand.Rand, n int) []files {
	all := make([]files, n)
	for i := range all {
		all[i] = files{}
	}
	all[0] = base(nil)
	all[0]["resource_"] = "RESOURCE_KEY,RESOURCE_TYPE_CODE,RESOURCE_NAME,EMPLOYEE_ID,SWITCH_NAME\n1,AGENT,a1,E1,\n2,AGENT,a2,E2,\n3,AGENT,a3,,\n" +
		"10,ENDPOINT,dn,,SIP_A\n11,ENDPOINT,dn,,\n12,QUEUE,q,,SIP_A\n"
	all[0]["dialing_mode"] = "DIALING_MODE_KEY,DIALING_MODE_CODE\n1,PREDICTIVE\n3,PREVIEW\n4,PUSH_PREVIEW\n"
	write := func(table, header string, rows []copyOf, line func(copyOf) string) {
		texts := make([]string, n)
		for _, row := range rows {
			texts[r.IntN(n)] += line(row)
		}
		for i, text := range texts {
			switch r.IntN(4) {
			case 0:
				text += "\n"
			case 1:
				text = strings.ReplaceAll(text, "\n", "\r\n")
				header = strings.TrimRight(header, "\r\n") + "\r\n"
			case 2:
				text = quoted(text)
			}
			all[i][table] = header + text
			header = strings.TrimRight(header, "\r\n") + "\n"
		}
	}
	flag := func(row copyOf) int {
		if row.active {
			return 1
		}
		return 0
	}
	end := func(row copyOf) any {
		if row.end < 0 {
			return -1
		}
		return row.end
	}
	write("sm_res_session_fact", sessionHeader, c.sessions, func(x copyOf) string {
		return row(x.id, x.timeKey, x.tenant, x.media, x.resource, x.start, end(x), flag(x), x.audit)
	})
	write("interaction_resource_fact", legHeader, c.legs, func(x copyOf) string {
		return row(x.id, x.timeKey, x.tenant, x.resource, x.dn, x.start, end(x), flag(x), x.audit)
	})
	write("irf_user_data_gen_1", dataHeader, c.data, func(x copyOf) string { return row(x.id, x.timeKey, x.guid, x.audit) })
	write("contact_attempt_fact", attemptHeader, c.attempts, func(x copyOf) string {
		return row(x.id, x.timeKey, x.tenant, x.mode, x.resource, "", x.start, end(x), x.audit)
	})
	return all
}

// The facts of a chunk are passed over only where both its name and its files are older than all that matters: a mark that
// lags says nothing, nor does a time that a tool made up. What it has beside facts is read in any case.
func TestOldChunksArePassedOverOnlyWhereNameAndTimesSayThatTheyAreOld(t *testing.T) {
	t.Parallel()
	const longAgo = day0 - 30*86400
	for name, c := range map[string]struct {
		chunk   string
		written int64
		read    bool
	}{
		"old":                   {"export_1_2026_02_08_00_00_00", longAgo, false},
		"an old name alone":     {"export_1_2026_02_08_00_00_00", day0, true},
		"an old time alone":     {"export_1_2026_03_10_00_00_00", longAgo, true},
		"no date":               {"export_1", longAgo, true},
		"not old by the clocks": {"export_1_2026_03_05_00_00_00", day0 - 5*86400, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := exportOf(t, base(files{"sm_res_session_fact": sessionHeader + sessionRow(1, 1, 100, 200, 5)}),
				increment(files{"sm_res_session_fact": sessionHeader + sessionRow(2, 1, 300, 400, 5)}))
			chunk := filepath.Join(dir, c.chunk)
			require.NoError(t, os.Rename(filepath.Join(dir, "export_1_2026_03_11_00_00_00"), chunk))
			entries, err := os.ReadDir(chunk)
			require.NoError(t, err)
			for _, e := range append(entries, nil) {
				path := chunk
				if e != nil {
					path = filepath.Join(chunk, e.Name())
				}
				require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(c.written, 0)))
			}
			o := exportOptions(t)
			o.KeyFrom = day0 - 4*86400
			r := newRig(t)
			src, err := extract.OpenExport(t.Context(), dir, o)
			require.NoError(t, err)
			r.cut(t, src, utcDay)
			want := []string{"2 400"}
			if c.read {
				want = []string{"1 200", "2 400"}
			}
			require.Equal(t, want, r.strings(t, sessionsSQL))

			// So is what it lacks.
			require.NoError(t, os.Remove(filepath.Join(chunk, "irf_user_data_gen_1.csv")))
			require.NoError(t, os.Chtimes(chunk, time.Time{}, time.Unix(c.written, 0)))
			_, err = extract.OpenExport(t.Context(), dir, o)
			if !c.read {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "export chunk "+chunk+" has no irf_user_data_gen_1")
			require.Equal(t, fail.Source, fail.CodeOf(err))
		})
	}
}
