package job

import (
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"time"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
	"seats/report"
)

// report issues the numbers, unless something keeps all of the tenant's back.
func (s *state) report(ctx context.Context) {
	if s.blocked || s.differ() {
		s.Log.Warn("nothing is issued", "tenant", s.Tenant.Name)
		for _, d := range s.days {
			s.failed[d.Day] = true
		}
		s.show()
		return
	}
	if err := s.issue(ctx); err != nil {
		s.note(calendar.Date{}, err)
	}
}

// differ tells whether the two computations of any period differed (R12).
func (s *state) differ() bool {
	for _, err := range s.errs {
		if ExitCode(err) == fail.Differ {
			return true
		}
	}
	return false
}

// issue writes what is to be written, then the ledger. It does not look at the context any more: what is
// begun here is finished.
func (s *state) issue(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	ledger, err := report.IssuedFiles(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	if err := s.recallRules(ctx, ledger); err != nil {
		return err
	}
	for i := range ledger {
		if at := ledger[i].PeakAt; at != nil {
			local := at.In(s.zone(ledger[i].Region))
			ledger[i].PeakAt = &local
		}
	}
	s.issuing = true
	writer := report.Writer{Dir: s.Tenant.FilesPath(), Columns: s.Columns, Versions: s.versions()}
	if s.SignKey != nil {
		id, previous, err := store.NextRun(ctx, s.work.Conn)
		if err != nil {
			return err
		}
		writer.Signing = &report.Signing{Key: s.SignKey, Run: id, Previous: previous}
	}
	leftOut, err := report.LeftOuts(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	numbers := s.numbers()
	for _, n := range numbers {
		for i := range n.Slices {
			n.Slices[i].LeftOut = leftOut[n.Slices[i].Day]
		}
	}
	outcomes, err := writer.Issue(numbers, ledger, s.Restate, s.Clock())
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.Err != nil {
			day, err := calendar.ParseDate(o.Number.Period)
			if err == nil { // or it is a month
				s.failed[day] = true
			}
			s.note(day, o.Err)
			continue
		}
		s.result.Rows = append(s.result.Rows, o)
		for _, i := range append(o.Recovered, o.Issue) {
			if err := report.PutIssuedFile(ctx, s.work.Conn, i); err != nil {
				return err
			}
		}
		if o.Action != report.Unchanged {
			s.files = append(s.files, o.Issue.File)
			s.Log.Info(string(o.Action), "tenant", s.Tenant.Name, "file", filepath.Join(writer.Dir, o.Issue.File), "value", o.Issue.Value, "state", o.Issue.State, unit(o.Issue.Measure), o.Issue.Period)
		}
	}
	return s.sayGone(ctx)
}

// recallRules has the files that an older version issued name their counting rules, by their manifests.
func (s *state) recallRules(ctx context.Context, ledger []report.Issue) error {
	type file struct {
		Name  string `json:"file"`
		Rules string `json:"rules_sha256"`
	}
	var said []file
	for _, i := range ledger {
		if i.RulesSHA256 != "" {
			continue
		}
		m, sum, err := report.ReadManifest(filepath.Join(s.Tenant.FilesPath(), report.ManifestName(i.File)))
		if err == nil && sum == i.ManifestSHA256 { // else nobody knows; whether it is as it was, is said elsewhere
			said = append(said, file{i.File, m.RulesHash})
		}
	}
	if len(said) == 0 {
		return nil
	}
	text, err := json.Marshal(said)
	if err == nil {
		_, err = duck.Exec(ctx, s.work.Conn, "store/recall_rules", sql.Named("said", string(text)))
	}
	return err
}

// sayGone tells of files that were issued and are not there any more.
func (s *state) sayGone(ctx context.Context) error {
	ledger, err := report.IssuedFiles(ctx, s.work.Conn)
	if err != nil {
		return err
	}
	WarnGone(s.Log, s.Tenant, ledger)
	return nil
}

// WarnGone tells of files that a tenant's ledger has and its output folder lacks.
func WarnGone(log Log, t config.Tenant, ledger []report.Issue) {
	gone, err := report.Gone(t.FilesPath(), ledger)
	switch {
	case err != nil:
		log.Warn("whether issued files are still there cannot be told", "tenant", t.Name, "reason", err)
	case len(gone) > 0:
		log.Warn("issued files are gone from the output folder: `seats report` of their days puts them back", "tenant", t.Name,
			"files", len(gone), "first", filepath.Join(t.FilesPath(), gone[0]))
	}
}

// unit is what the periods of a measure are called in a line.
func unit(m report.Measure) string {
	if m == report.Enabled {
		return "month"
	}
	return "day"
}

// show gives the results without issuing them.
func (s *state) show() {
	for _, n := range s.numbers() {
		s.result.Rows = append(s.result.Rows, report.Outcome{Number: n})
	}
}

// numbers are what can be issued, day by day and then the months, of the regions that are billed then.
func (s *state) numbers() []report.Number {
	var numbers []report.Number
	for _, d := range s.days {
		for _, p := range d.Regions() {
			if !s.Tenant.Bills(p.Region, d.Day) {
				continue
			}
			n := s.number(p.Region, report.Concurrent, d.Day.String(), p.Agents, d.State, d.RulesSHA256, d.SQLSHA256)
			n.Slices, n.Quality = slicesOf([]compute.Slice{d.Slice}), qualityOf(d.Quality)
			if p.Agents > 0 {
				n.PeakAt, n.PeakSeconds = time.Unix(p.PeakTS, 0).In(zoneOf(d.By, p.Region)), p.PeakSeconds
			}
			numbers = append(numbers, n)
		}
	}
	for _, m := range s.months {
		for _, e := range m.Regions {
			if !s.Tenant.BillsIn(e.Region, m.Month) {
				continue
			}
			n := s.number(e.Region, report.Enabled, m.Month.String(), e.Agents, e.State, m.RulesSHA256, m.SQLSHA256)
			n.Slices, n.Quality = slicesOf(e.Slices), qualityOf(e.Quality)
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func (s *state) number(region string, measure report.Measure, period string, value int64, state, rules, statements string) report.Number {
	return report.Number{Tenant: s.Tenant.Name, Region: region, Measure: measure, Period: period, Value: value,
		State: state, RulesHash: rules, SQLHash: statements}
}

func (s *state) zone(region string) *time.Location { return zoneOf(s.Tenant, region) }

func zoneOf(t config.Tenant, region string) *time.Location {
	for _, r := range t.Regions {
		if r.Name == region {
			return r.Zone
		}
	}
	return t.Zone
}

func slicesOf(from []compute.Slice) []report.Slice {
	var to []report.Slice
	for _, s := range from {
		to = append(to, report.Slice{Day: s.Day.String(), Source: s.Source, AsOf: report.Epoch(s.AsOf), HighWater: (*report.Epoch)(s.HighWater),
			ExtractedAt: time.Unix(s.ExtractedTS, 0).UTC(), Sessions: s.Sessions, Activities: s.Activities, Agents: s.Agents, SHA256: s.SHA256})
	}
	return to
}

func qualityOf(from []compute.Quality) []report.Quality {
	var to []report.Quality
	for _, q := range from {
		to = append(to, report.Quality{Rule: q.Rule, Count: q.Count, Blocking: q.Blocking, Examples: q.Examples})
	}
	return to
}
