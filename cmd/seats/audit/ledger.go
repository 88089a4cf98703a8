package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"seats/internal/store"
	"seats/report"
)

// checkLedger verifies the chain of runs, whole, and that what the store holds was written by a run of it.
func (w *auditor) checkLedger(context.Context) error {
	previous := ""
	for at, r := range w.runs {
		sum, err := r.Hash()
		if err != nil {
			return fmt.Errorf("hash run %d: %w", r.ID, err)
		}
		if r.ID != int64(at+1) {
			w.add(Finding{Rule: LedgerChain, What: fmt.Sprintf("entry %d of the ledger is run %d", at+1, r.ID)})
		}
		if r.Previous != previous {
			w.add(Finding{Rule: LedgerChain, What: fmt.Sprintf("run %d follows an entry with SHA-256 %s, the one before it has %s", r.ID, orNone(r.Previous), orNone(previous))})
		}
		if sum != r.SHA256 {
			w.add(Finding{Rule: LedgerEntry, What: fmt.Sprintf("run %d (%s at %s) has SHA-256 %s, written was %s", r.ID, r.Command, instant(r.StartedTS), sum, r.SHA256)})
		}
		previous = r.SHA256
	}
	w.checkIssuedByRuns()
	w.checkSlicesByRuns()
	w.checkSealsByRuns()
	return nil
}

func orNone(sum string) string {
	if sum == "" {
		return "none"
	}
	return sum
}

// checkIssuedByRuns looks for the run that issued each file: it names the file, and the file's time of issue lies
// in it. A file that another run names was adopted, whatever time its manifest gives: a clock may have been wrong. One that no run
// names may be an earlier revision that was taken over with a later one, or a row that nobody's run wrote.
func (w *auditor) checkIssuedByRuns() {
	naming := map[string][]store.Run{}
	for _, r := range w.runs {
		for _, file := range r.Files {
			naming[file] = append(naming[file], r)
		}
	}
	var adopted []string
	for _, i := range w.issued {
		at := i.IssuedAt.Unix()
		inside := func(r store.Run) bool { return r.StartedTS <= at && at <= r.EndedTS }
		runs := naming[i.File]
		if slices.ContainsFunc(runs, inside) {
			continue
		}
		m, readable := w.manifests[i.File]
		if len(runs) > 0 && (!readable || m.IssuedAt.Unix() == at) || len(runs) == 0 && w.succeeded(i, naming) {
			adopted = append(adopted, i.File+", issued at "+instant(at))
			continue
		}
		w.add(Finding{Rule: LedgerIssue, Region: i.Region, Period: i.Period,
			What: fmt.Sprintf("%s with %d agents, issued at %s, is named by no run of that time", i.File, i.Value, instant(at))})
	}
	if len(adopted) > 0 {
		w.add(Finding{Rule: AdoptedFile, Details: adopted,
			What: count(len(adopted), "file") + " issued by runs that this ledger does not have"})
	}
}

// succeeded tells whether a later revision of the same series is named by a run.
func (w *auditor) succeeded(i report.Issue, naming map[string][]store.Run) bool {
	for _, o := range w.all {
		if seriesOf(o) == seriesOf(i) && o.Revision > i.Revision && len(naming[o.File]) > 0 {
			return true
		}
	}
	return false
}

// checkSlicesByRuns holds the hash of each slice against the newest run that read the day.
func (w *auditor) checkSlicesByRuns() {
	read := map[string]string{}
	for _, r := range w.runs {
		for _, slice := range r.Slices {
			day, sum, _ := strings.Cut(slice, " ")
			read[day] = sum
		}
	}
	for _, d := range w.held() {
		has := w.slices[d.String()].SHA256
		if sum := read[d.String()]; sum != has {
			w.add(Finding{Rule: LedgerSlice, Period: d.String(), What: fmt.Sprintf("the slice has SHA-256 %s, the run that read it wrote %s", has, orNone(sum))})
		}
	}
}
