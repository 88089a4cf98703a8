package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/store"
	"seats/report"
)

// leftOut takes the place of a text that names an agent.
const leftOut = "(left out: it names an agent)"

// issues are the issued files of the period.
func (p *packer) issues(ctx context.Context) ([]report.Issue, error) {
	all, err := report.IssuedFiles(ctx, p.scratch.Conn)
	if err != nil {
		return nil, err
	}
	var picked []report.Issue
	for _, i := range all {
		if p.holds(i.Period) {
			picked = append(picked, i)
		}
	}
	return picked, nil
}

func (p *packer) holds(period string) bool {
	if m, err := calendar.ParseMonth(period); err == nil {
		return p.Period.HoldsMonth(m)
	}
	d, err := calendar.ParseDate(period)
	return err == nil && p.Period.Holds(d)
}

// writeIssued adds the data files, manifests and signatures of the period as they lie in the output folder, and what
// the store says of them. What is gone from the folder is missing here too: the audit says so.
func (p *packer) writeIssued(ctx context.Context) error {
	issues, err := p.issues(ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{"region", "measure", "period", "revision", "value", "state", "file", "sha256", "manifest_sha256", "supersedes", "reason", "peak_ts", "peak_seconds", "issued_at"}}
	for _, i := range issues {
		reason, err := p.masked(ctx, i.Reason)
		if err != nil {
			return err
		}
		peak := ""
		if i.PeakAt != nil {
			peak = number(i.PeakAt.Unix())
		}
		rows = append(rows, []string{i.Region, string(i.Measure), i.Period, strconv.Itoa(i.Revision), number(i.Value), i.State, i.File, i.SHA256,
			i.ManifestSHA256, i.Supersedes, reason, peak, number(i.PeakSeconds), i.IssuedAt.UTC().Format(time.RFC3339)})
		if err := p.copyIssued(ctx, i.File); err != nil {
			return err
		}
	}
	return p.putCSV("ledger/issued_file.csv", rows)
}

func (p *packer) copyIssued(ctx context.Context, file string) error {
	for _, name := range []string{file, report.ManifestName(file), report.SignatureName(file)} {
		text, err := report.ReadFile(filepath.Join(p.Tenant.OutputDir, p.Tenant.Name, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if name == report.SignatureName(file) {
			if p.masks != nil {
				continue // it is the signature of another text
			}
			p.signed = true
		}
		if err == nil && p.masks != nil && name != file {
			text, err = p.maskedManifest(ctx, filepath.Join(p.Tenant.OutputDir, p.Tenant.Name, name))
		}
		if err != nil {
			return err
		}
		if err := p.put("issued/"+name, text); err != nil {
			return err
		}
	}
	return nil
}

// maskedManifest is a manifest without the agents that its data-quality examples and its reason name.
func (p *packer) maskedManifest(ctx context.Context, path string) ([]byte, error) {
	m, _, err := report.ReadManifest(path)
	if err != nil {
		return nil, err
	}
	for _, q := range m.Quality {
		for at, example := range q.Examples {
			names := q.Rule == "excluded_agent" || q.Rule == "agent_without_employee_id" ||
				q.Rule == "damaged_name" && strings.HasPrefix(example, "#")
			if names { // the other rules, and the other examples, name rows and switches
				q.Examples[at] = p.masks.Agent(example)
			}
		}
	}
	if m.Reason != nil {
		reason, err := p.masked(ctx, *m.Reason)
		if err != nil {
			return nil, err
		}
		m.Reason = &reason
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(m)
	return out.Bytes(), err
}

// masked is a text that people wrote or that came from an error: left out where it holds the name of an agent.
func (p *packer) masked(ctx context.Context, text string) (string, error) {
	if p.masks == nil || text == "" {
		return text, nil
	}
	var namesAgent bool
	err := duck.Each(ctx, p.scratch.Conn, "audit/pack/names_agent.sql", func(scan func(...any) error) error { return scan(&namesAgent) }, named("text", text))
	if namesAgent {
		text = leftOut
	}
	return text, err
}

// writeLedger adds every run of the store, a line each: the very bytes that are hashed. The hash of a line is the
// previous_sha256 of the next.
func (p *packer) writeLedger(ctx context.Context) error {
	runs, err := store.Runs(ctx, p.scratch.Conn)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	sums := [][]string{{"run_id", "started_at", "ended_at", "sha256"}}
	for _, r := range runs {
		if r.Message, err = p.masked(ctx, r.Message); err != nil {
			return err
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
		sums = append(sums, []string{number(r.ID), r.Started.Format(time.RFC3339), r.Ended.Format(time.RFC3339), r.SHA256})
	}
	if err := p.put("ledger/run.jsonl", lines.Bytes()); err != nil {
		return err
	}
	return p.putCSV("ledger/run_sha256.csv", sums)
}
