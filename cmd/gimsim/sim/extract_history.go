package sim

import (
	"fmt"
	"time"
)

// Types of data sources of ctl_extract_history.
const (
	tServer           = 1
	interactionServer = 2
	outboundServer    = 3
	configServer      = 4
)

// serverTime writes a time as the GIM server's clock on the wall shows it: five
// hours behind UTC, which the column does not say.
func serverTime(at int64) string {
	return time.Unix(at-5*3600, 0).UTC().Format("2006-01-02 15:04:05.000")
}

// extractHistory writes how far GIM has read each source at each cut, and a few
// cycles before. Of the sources of type 1 and 3 the slowest is exactly at the cut:
// the T-Server of the first switch. Others are ahead of it by a little, and
// those of the types that do not matter are far behind. All of it is transformed
// some minutes later; but for one cycle more, which ran ahead: its
// transformation has begun and not ended.
func (s *Simulation) extractHistory(b *Batch) {
	for _, cut := range b.layout.Cuts {
		d := s.dice(forExtract, cut, 0)
		for cycle := int64(3); cycle >= -1; cycle-- {
			at := cut - cycle*900
			since, done := min(at, cut), at+120
			// How far one cycle read one table of one source.
			put := func(table string, source, kind, reached int64) {
				b.put(ExtractHistory, state{since, cells{table, source, kind, d.between(1, 9999), serverTime(reached), reached, 10 + kind, 1, 1,
					serverTime(done - 60), serverTime(done), fmt.Sprintf("job-%d", done), "Job_ExtractICON", "8.5.015", "dap_icon", AuditKey(since), done}})
			}
			for i := range s.Switches {
				ahead := int64(0)
				if i > 0 {
					ahead = d.between(1, 600)
				}
				put("G_CALL", int64(101+i), tServer, at+ahead)
				put("G_PARTY", int64(101+i), tServer, at+ahead-d.between(1, 30))
			}
			put("G_IR", 201, interactionServer, at-7200)
			put("GO_CHAIN", 301, outboundServer, at+d.between(1, 600))
			put("GO_CAMPAIGN", 301, outboundServer, at-d.between(3600, 36000))
			put("GC_AGENT", 401, configServer, s.From.Unix()-30*86400)
			for _, table := range []string{"G_CALL", "G_PARTY", "G_IR", "GO_CHAIN", "GO_CAMPAIGN"} {
				began, ended := at+180, serverTime(at+480)
				if cycle < 0 {
					ended = ""
				}
				b.put(TransformHistory, state{since, cells{fmt.Sprintf("job-%d", began), "8.5.015", table, AuditKey(since), "", serverTime(began), ended,
					d.between(1, 9999), began, AuditKey(since)}})
			}
		}
	}
}
