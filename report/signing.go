package report

import (
	"errors"
	"fmt"
	"io/fs"

	"seats/internal/sign"
)

// Signing is what manifests are signed with.
type Signing struct {
	Key *sign.Key

	// The place in the ledger that the run will have: its number, and the hash of
	// the entry before, "" where there is none. That hash stands for every entry up
	// to there.
	Run      int64
	Previous string
}

// Mark is the trusted comment of a manifest's signature: whose it is, and where in
// the ledger it was made.
type Mark struct {
	Tenant, Manifest string
	Run              int64
	Previous         string
}

const (
	markFormat = "tenant=%s file=%s run=%d previous_sha256=%s"
	noPrevious = "none" // the hash before the first entry
)

func (m Mark) String() string {
	previous := m.Previous
	if previous == "" {
		previous = noPrevious
	}
	return fmt.Sprintf(markFormat, m.Tenant, m.Manifest, m.Run, previous)
}

// ParseMark is the inverse of Mark.String.
func ParseMark(comment string) (m Mark, err error) {
	_, err = fmt.Sscanf(comment, markFormat, &m.Tenant, &m.Manifest, &m.Run, &m.Previous)
	if m.Previous == noPrevious {
		m.Previous = ""
	}
	if err != nil || m.String() != comment {
		return Mark{}, fmt.Errorf("it says %q, which is no place in a ledger", comment)
	}
	return m, nil
}

// sign gives the signature of the issue's manifest, nil without a key.
func (d decision) sign(issue Issue, manifest []byte) []byte {
	s := d.writer.Signing
	if s == nil {
		return nil
	}
	mark := Mark{Tenant: d.number.Tenant, Manifest: ManifestName(issue.File), Run: s.Run, Previous: s.Previous}
	return s.Key.Sign(manifest, mark.String())
}

// missingSignature signs a manifest that is as it was issued, where there is no
// signature: it was issued without a key, or a run died before it had signed. One
// that is there stays. That it fits is looked at where it is this key's; what
// another key signed is for an audit with that key.
func (d decision) missingSignature(issue Issue, manifest []byte) ([]byte, error) {
	if d.writer.Signing == nil {
		return nil, nil
	}
	path := d.path(SignatureName(issue.File))
	signature, err := ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d.sign(issue, manifest), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read signature: %w", err)
	}
	err = d.writer.Signing.Key.Public().Check(manifest, signature)
	if err == nil || errors.Is(err, sign.ErrAnotherKey) {
		return nil, nil
	}
	return nil, &ConflictError{
		File:    path,
		Problem: "the signature is not that of the issued manifest: " + err.Error(),
		Advice:  "find out who changed it, and move it away; the next run signs the manifest again",
	}
}
