package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"seats/internal/sign"
	"seats/report"
)

// checkSignatures wants each issued manifest of the period to be signed with one of the keys, in this very ledger.
func (w *auditor) checkSignatures(context.Context) error {
	if len(w.Keys) == 0 {
		return nil
	}
	for _, i := range w.issued {
		f := Finding{Region: i.Region, Period: i.Period}
		var err error
		if f.Rule, f.What, err = w.signature(i); err != nil {
			return err
		}
		if f.Rule != "" {
			w.add(f)
		}
	}
	return nil
}

// signature tells what is wrong with the signature of a manifest; no rule where it is right.
func (w *auditor) signature(i report.Issue) (rule Rule, what string, err error) {
	name := report.SignatureName(i.File)
	signature, err := report.ReadFile(w.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return SignatureMissing, name + " is not there", nil
	}
	if conflict, noFile := errors.AsType[*report.ConflictError](err); noFile {
		return SignatureWrong, name + ": " + conflict.Problem, nil
	}
	if err != nil {
		return "", "", fmt.Errorf("read signature: %w", err)
	}
	manifest, err := report.ReadFile(w.path(report.ManifestName(i.File)))
	if err != nil {
		return "", "", nil // checkManifest says so
	}
	if err := w.Keys.Check(manifest, signature); err != nil {
		return SignatureWrong, name + ": " + err.Error(), nil
	}
	rule, what = w.marked(i, sign.Comment(signature))
	return rule, what, nil
}

// marked holds a signature's trusted comment against the ledger, up to where it was made: the hash of an entry stands
// for all before it. The run itself is missing where it died before it had published its store.
func (w *auditor) marked(i report.Issue, comment string) (rule Rule, what string) {
	name := report.SignatureName(i.File)
	mark, err := report.ParseMark(comment)
	if err != nil {
		return SignatureWrong, name + ": " + err.Error()
	}
	if mark.Tenant != w.Tenant.Name || mark.Manifest != report.ManifestName(i.File) {
		return SignatureWrong, fmt.Sprintf("%s is for %s of %s", name, mark.Manifest, mark.Tenant)
	}
	before := mark.Run - 1
	switch {
	case before > int64(len(w.runs)):
		return SignatureLedger, fmt.Sprintf("%s was signed by run %d, the ledger ends with run %d", name, mark.Run, len(w.runs))
	case before < 1 && mark.Previous == "":
		return "", ""
	case before < 1 || w.runs[before-1].SHA256 != mark.Previous:
		return SignatureLedger, fmt.Sprintf("%s was signed after an entry %d with SHA-256 %s, the ledger has another", name, before, orNone(mark.Previous))
	}
	return "", ""
}
