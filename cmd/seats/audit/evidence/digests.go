package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"

	"seats/cmd/seats/pseudonym"
)

// digests are what stands in the place of digests in a pack with pseudonyms, so that nobody can try names against one that
// a name went into. Where the packer had before it what a digest is of, it gives way to the digest of what stands in the
// pack instead, and can be checked there; any other one gives way to a keyed one, which fits nothing in the pack.
type digests struct {
	masks *pseudonym.Masks  // nil: no pseudonyms, and every digest stays
	of    map[string]string // by the original
}

// keep lets digests of texts that hold no names stay.
func (d digests) keep(sums ...string) {
	for _, sum := range sums {
		d.replace(sum, sum)
	}
}

// replace puts the digest of what stands in the pack in the place of the original's.
func (d digests) replace(original, packed string) {
	if d.masks != nil {
		d.of[original], d.of[packed] = packed, packed
	}
}

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
	if d.masks == nil {
		return text
	}
	return anyDigest.ReplaceAllFunc(text, func(sum []byte) []byte { return []byte(d.digest(string(sum))) })
}

// maskFile is mask of a file that is written already.
func (d digests) maskFile(path string) error {
	if d.masks == nil {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, d.mask(text), 0o600)
}

func sha(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
