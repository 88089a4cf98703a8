package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"seats/cmd/seats/pseudonym"
	"seats/internal/store"
	"seats/report"
)

// digests are what stands in the place of digests in a pack with pseudonyms, so that nobody can try names against one that
// a name went into. Where the packer had before it what a digest is of, it gives way to the digest of what stands in the
// pack instead, and can be checked there; any other one gives way to a keyed one, which fits nothing in the pack.
type digests struct {
	masks *pseudonym.Key    // nil: no pseudonyms, and every digest stays
	of    map[string]string // by the original
}

// replace puts the digest of what stands in the pack in the place of the original's. That of a text without names stays.
func (d digests) replace(original, packed string) { d.of[original], d.of[packed] = packed, packed }

// digest is what stands in the pack in the place of a digest.
func (d digests) digest(sum string) string {
	if d.masks == nil || sum == "" {
		return sum
	}
	if _, known := d.of[sum]; !known {
		d.replace(sum, d.masks.Digest(sum))
	}
	return d.of[sum]
}

var anyDigest = regexp.MustCompile(`[0-9a-f]{64}`)

// mask is a text of the pack with all its digests replaced, whatever they are of.
func (d digests) mask(text []byte) []byte {
	return anyDigest.ReplaceAllFunc(text, func(sum []byte) []byte { return []byte(d.digest(string(sum))) })
}

// leftOut takes the place of a text that people wrote or that came from an error, in a pack with pseudonyms.
const leftOut = "(left out: it may name an agent)"

// writeIssued adds the data files, manifests and signatures of the period as they lie in the output folder, and what
// the store says of them. What is gone from the folder is missing here too: the audit says so.
func (p *packer) writeIssued(ctx context.Context) error {
	issues, err := report.IssuedFiles(ctx, p.scratch.Conn)
	if err != nil {
		return err
	}
	rows := [][]string{{"region", "measure", "period", "revision", "value", "state", "file", "sha256", "manifest_sha256", "supersedes", "reason", "peak_ts", "peak_seconds", "issued_at"}}
	for _, i := range issues {
		if !p.Period.HoldsText(i.Period) {
			continue
		}
		peak := ""
		if i.PeakAt != nil {
			peak = number(i.PeakAt.Unix())
		}
		rows = append(rows, []string{i.Region, string(i.Measure), i.Period, strconv.Itoa(i.Revision), number(i.Value), i.State, i.File, i.SHA256,
			i.ManifestSHA256, i.Supersedes, p.masked(i.Reason), peak, number(i.PeakSeconds), i.IssuedAt.UTC().Format(time.RFC3339)})
		if err := p.copyIssued(i); err != nil {
			return err
		}
	}
	return p.putTable("issued_file", "ledger/issued_file.csv", rows)
}

func (p *packer) copyIssued(i report.Issue) error {
	p.replace(i.SHA256, i.SHA256) // a data file names nobody
	for _, name := range []string{i.File, report.ManifestName(i.File), report.SignatureName(i.File)} {
		text, err := report.ReadFile(filepath.Join(p.Tenant.OutputDir, p.Tenant.Name, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		switch name {
		case report.SignatureName(i.File):
			if p.masks != nil {
				continue // names can be tried against it, too
			}
			p.signed = true
		case report.ManifestName(i.File):
			if text, err = p.maskedManifest(name, text); err != nil {
				return err
			}
		}
		if err := p.put("issued/"+name, text); err != nil {
			return err
		}
		p.copied = true
	}
	return nil
}

// maskedManifest is a manifest without what names agents: its reason, and examples of the data-quality rules, which
// results/data_quality.csv has with pseudonyms.
func (p *packer) maskedManifest(name string, text []byte) ([]byte, error) {
	if p.masks == nil {
		return text, nil
	}
	m, err := report.ParseManifest(name, text)
	if err != nil {
		return nil, err
	}
	for at := range m.Quality {
		m.Quality[at].Examples = []string{}
	}
	if m.Reason != nil {
		*m.Reason = leftOut
	}
	p.replace(m.SQLHash, m.SQLHash)
	masked, err := m.Encode()
	if err != nil {
		return nil, err
	}
	masked = p.mask(masked)
	p.replace(report.Digest(text), report.Digest(masked))
	return masked, nil
}

// masked is a text that people wrote or that came from an error: whatever it says may name an agent.
func (p *packer) masked(text string) string {
	if p.masks == nil || text == "" {
		return text
	}
	return leftOut
}

// writeLedger adds every run of the store, a line each: the very bytes that are hashed, or those that take their place. The
// hash of a line is the previous_sha256 of the next.
func (p *packer) writeLedger(ctx context.Context) error {
	runs, err := store.Runs(ctx, p.scratch.Conn)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	sums := [][]string{{"run_id", "started_at", "ended_at", "sha256"}}
	for _, r := range runs {
		sum, err := r.Hash()
		if err != nil {
			return err
		}
		r.Message = p.masked(r.Message)
		if p.masks != nil {
			r.OSUser = p.masks.User(r.OSUser)
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		line = p.mask(line)
		p.replace(sum, report.Digest(line))
		lines.Write(append(line, '\n'))
		sums = append(sums, []string{number(r.ID), r.Started.Format(time.RFC3339), r.Ended.Format(time.RFC3339), r.SHA256})
	}
	if err := p.put("ledger/run.jsonl", lines.Bytes()); err != nil {
		return err
	}
	return p.putCSV("ledger/run_sha256.csv", sums)
}
