package extract

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the checksum that GIM itself writes
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf16"

	"seats/internal/fail"
)

// checkSHA1 compares a zip with the `.sha1` beside it, where there is one.
func checkSHA1(path string) error {
	err := regular(path + ".sha1")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path + ".sha1")
	if err != nil {
		return err
	}
	want, err := sha1In(text, filepath.Base(path))
	if err != nil {
		return fail.New(fail.Source, "have it written as `sha1sum` writes it, or remove it: the zip is then read without; nothing was changed",
			"%s.sha1: the .sha1 file is not understood: %w", path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	h := sha1.New() //nolint:gosec // see above
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s: SHA-1 is %s, its .sha1 file says %s: copied in part?", path, got, want)
	}
	return nil
}

// aSHA1 is what a SHA-1 looks like: 20 bytes in hexadecimal, which certutil parts by blanks and others by colons.
var aSHA1 = regexp.MustCompile(`(?i)\b[0-9a-f]{40}\b|\b[0-9a-f]{2}(?:[ :][0-9a-f]{2}){19}\b`)

// sha1In is the SHA-1 of a file of that name in the text of a .sha1 file, in lower case: the only one in it, or of several the
// one in a line that names the file. So it does not matter by which program's habit the line is written, and in which case:
// sha1sum, BSD's sha1, openssl, certutil, Get-FileHash.
func sha1In(text []byte, name string) (string, error) {
	only, named := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(decoded(text)) {
		lower, name := strings.ToLower(line), strings.ToLower(name)
		for _, sum := range aSHA1.FindAllString(strings.ReplaceAll(lower, name, "?"), -1) {
			sum = strings.NewReplacer(" ", "", ":", "").Replace(sum)
			only[sum] = true
			if strings.Contains(lower, name) {
				named[sum] = true
			}
		}
	}
	if len(only) > 1 {
		only = named
	}
	switch len(only) {
	case 0:
		return "", fmt.Errorf("want the 40 hexadecimal digits of a SHA-1, and the name %s beside them where there are several", name)
	case 1:
		for sum := range only {
			return sum, nil
		}
	}
	return "", errors.New("it gives several SHA-1 of " + name)
}

// decoded is a short text in UTF-8: Windows PowerShell's > writes UTF-16.
func decoded(text []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(string(text), "\ufeff")
	}
	var units []uint16
	for text = text[2:]; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16(text))
	}
	return string(utf16.Decode(units))
}
