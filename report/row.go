package report

import "time"

// Row is one measurement as it is printed. PeakAt, in the region's zone, and
// PeakSeconds are shown with a concurrent count above 0 only; Revision and File
// where there is an issued file that says this number.
type Row struct {
	Tenant, Region string
	Measure        Measure
	Period         string
	Value          int64
	PeakAt         time.Time
	PeakSeconds    int64
	State          string
	Revision       int    // 0: not issued
	File           string // name of the data file; "": not issued
}

// Row is the outcome as a measurement to print. What was refused keeps its
// number and has neither revision nor file, because no file says it.
func (o Outcome) Row() Row {
	row := o.Number.Row()
	if o.Err == nil {
		row.State, row.Revision, row.File = o.Issue.State, o.Issue.Revision, o.Issue.File
	}
	return row
}

// Row is the number as a measurement to print before it is issued.
func (n Number) Row() Row {
	return Row{
		Tenant: n.Tenant, Region: n.Region, Measure: n.Measure, Period: n.Period,
		Value: n.Value, PeakAt: n.PeakAt, PeakSeconds: n.PeakSeconds, State: n.State,
	}
}

// Measurements makes the table of the rows that `run` prints; its JSON is a
// contract (interface.md, "Commands").
func Measurements(rows []Row) Table {
	t := Table{Header: []string{
		"tenant", "region", "measure", "period", "value", "peak_at", "peak_seconds", "state", "revision", "file",
	}}
	for _, r := range rows {
		var peakAt, peakSeconds, revision, file any = Absent, Absent, Absent, Absent
		if r.Measure == Concurrent && r.Value > 0 {
			peakAt, peakSeconds = r.PeakAt, r.PeakSeconds
		}
		if r.File != "" {
			revision, file = r.Revision, r.File
		}
		t.Rows = append(t.Rows, []any{
			r.Tenant, r.Region, string(r.Measure), r.Period, r.Value, peakAt, peakSeconds, r.State, revision, file,
		})
	}
	return t
}
