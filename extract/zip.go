package extract

import (
	"archive/zip"
	"bytes"
	"crypto/sha1" //nolint:gosec // the checksum that GIM itself writes
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"seats/internal/fail"
)

// unreadZip is why a file is not read that is whole, for all that one can tell.
type unreadZip struct {
	what, help string
}

func (u *unreadZip) Error() string { return u.what }

func encrypted(how string) *unreadZip {
	return &unreadZip{how, "have it exported without encryption, or decrypted into a folder of its own; nothing was changed"}
}

func otherwise(what string) *unreadZip {
	return &unreadZip{what, "have it written as a zip of the usual kind (deflate), or unpacked into a folder; nothing was changed"}
}

// Methods of compression in zips.
const (
	methodBzip2     = 12
	methodEncrypted = 99 // by AES; the true method stands elsewhere
)

// methods are those that are not read, by name. 9 is what Windows takes for files of 2 GB and more.
var methods = map[uint16]string{
	1: "Shrink", 2: "Reduce", 3: "Reduce", 4: "Reduce", 5: "Reduce", 6: "Implode", 9: "Deflate64", 14: "LZMA", 20: "Zstandard", 93: "Zstandard", 94: "MP3", 95: "XZ",
	96: "JPEG", 97: "WavPack", 98: "PPMd",
}

// unreadable says why a file in a zip cannot be read, though the zip is whole; nil where it can.
func unreadable(f *zip.File) error {
	const isEncrypted = 1 // of the flags
	name, known := methods[f.Method]
	switch {
	case f.Flags&isEncrypted != 0 || f.Method == methodEncrypted:
		return encrypted("it is encrypted with a password")
	case known:
		return otherwise(fmt.Sprintf("it is compressed with %s: want deflate", name))
	case f.Method != zip.Store && f.Method != zip.Deflate && f.Method != methodBzip2:
		return otherwise(fmt.Sprintf("it is compressed with method %d: want deflate", f.Method))
	}
	return nil
}

// beginnings are how files begin that are no zip, though their name ends so.
var beginnings = []struct {
	is   *unreadZip
	with []string
}{
	{encrypted("no zip: it looks encrypted (GIM's option encrypt-certificate)"), []string{
		"\x30\x80", "\x30\x82", "\x30\x83", "\x30\x84", "\x30\x85", // CMS, in DER or BER: a sequence of 128 bytes and more, or of a length to come
		"-----BEGIN ", "MIME-Version:", "Content-Type:", // CMS, PKCS7, PGP
	}},
	{encrypted("no zip: it looks encrypted by openssl"), []string{"Salted__"}},
	{encrypted("no zip: it looks encrypted by age"), []string{"age-encryption.org/"}},
	{encrypted("no zip: it looks encrypted by OpenPGP"), []string{"\x84", "\x85", "\x8c", "\xc1", "\xc3"}}, // a session key, for a person or of a password
	{otherwise("no zip: it looks like gzip"), []string{"\x1f\x8b"}},
	{otherwise("no zip: it looks like compress"), []string{"\x1f\x9d"}},
	{otherwise("no zip: it looks like bzip2"), []string{"BZh"}},
	{otherwise("no zip: it looks like xz"), []string{"\xfd7zXZ\x00"}},
	{otherwise("no zip: it looks like Zstandard"), []string{"\x28\xb5\x2f\xfd"}},
	{otherwise("no zip: it looks like 7-Zip"), []string{"7z\xbc\xaf\x27\x1c"}},
	{otherwise("no zip: it looks like RAR"), []string{"Rar!"}},
	{otherwise("no zip: it looks like a cabinet of Windows"), []string{"MSCF"}},
	{otherwise("no zip: it looks like a page of a web server"), []string{"<"}},
}

// noZip says what a file is that is no zip; nil where nothing tells it from one that was copied in part.
func noZip(path string) *unreadZip {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	head = bytes.TrimPrefix(head[:n], []byte("\ufeff"))
	for _, b := range beginnings {
		if slices.ContainsFunc(b.with, func(with string) bool { return bytes.HasPrefix(head, []byte(with)) }) {
			return b.is
		}
	}
	_, err = os.Stat(path[:len(path)-len(".zip")] + ".z01")
	switch {
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return otherwise("no zip: it looks like tar")
	case err == nil:
		return otherwise("it is one part of a zip that was split")
	}
	return nil
}

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
	text, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), text) // Windows PowerShell's > writes UTF-16
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
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
