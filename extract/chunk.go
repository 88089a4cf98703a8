package extract

import (
	"archive/zip"
	"cmp"
	"compress/bzip2"
	"crypto/sha1" //nolint:gosec // the checksum that GIM itself writes
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"example.com/seats/internal/fail"
)

// chunk is one export: a folder of CSV files or a zip of them.
type chunk struct {
	path    string
	folder  string // that it is, or of its own in which it lies; empty of a zip that has none
	isZip   bool
	number  int               // its place among all
	date    *int64            // of its newest data, epoch seconds (GMT); nil where the name has none
	old     bool              // its facts are not read: all began before any that matter
	unready string            // why it is not read
	files   map[string]string // by table
}

var exportDate = regexp.MustCompile(`\d{4}_\d{2}_\d{2}_\d{2}_\d{2}_\d{2}`)

// findChunks lists the chunks of a folder in the order in which they were exported: by the last date in their names, then
// by name, numbers as numbers. Those that are still coming are left out; one of them that is older than others is an
// error, since what it will hold belongs between theirs.
func findChunks(dir, marker string) (chunks, coming []chunk, err error) {
	all, err := allChunks(dir)
	if err != nil {
		return nil, nil, fail.New(fail.Source, "export_dir must hold export_* folders or zip files, as GIM's export job writes them", "export %s: %w", dir, err)
	}
	for _, c := range all {
		why, err := c.unfinished(marker)
		switch {
		case err != nil:
			return nil, nil, explainExport(err, "export "+dir)
		case why != "":
			c.unready = why
			coming = append(coming, c)
		case len(coming) > 0:
			return nil, nil, fail.New(fail.Source, "have it copied whole, or remove it if it never will be; nothing was changed",
				"export %s: chunk %s is not whole, and there is a newer one: %s", dir, coming[0].path, coming[0].unready)
		default:
			chunks = append(chunks, c)
		}
	}
	if len(chunks) == 0 {
		return nil, nil, fail.New(fail.Source, "run again once it is there: `seats run --wait` waits for that",
			"export %s: no chunk is whole yet: %s: %s", dir, coming[0].path, coming[0].unready)
	}
	return chunks, coming, nil
}

// isUnfinished tells of a name whether it ends as those do that programs give to what they still copy.
func isUnfinished(name string) bool {
	return slices.Contains([]string{".tmp", ".part", ".partial", ".filepart", ".incomplete"}, strings.ToLower(filepath.Ext(name)))
}

// unfinished is why a chunk is not whole, so far as names and the marker tell; empty where nothing does.
func (c chunk) unfinished(marker string) (why string, err error) {
	if isUnfinished(c.path) || isUnfinished(c.folder) {
		return "it has the name of something unfinished", nil
	}
	isWhole := marker == "" || exists(c.path+marker)
	if c.folder != "" {
		entries, err := os.ReadDir(c.folder)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if isUnfinished(e.Name()) {
				return "there is " + e.Name() + " in it", nil
			}
		}
		isWhole = isWhole || exists(filepath.Join(c.folder, marker)) || exists(c.folder+marker)
	}
	if isWhole {
		return "", nil
	}
	return "it has no " + marker, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func allChunks(dir string) (chunks []chunk, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(strings.ToLower(e.Name()), "export_") {
			continue
		}
		found, err := chunksOf(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, found...)
	}
	if len(chunks) == 0 {
		return nil, errors.New("no export_* folder or zip file in it")
	}
	none := int64(math.MinInt64) // chunks without a date come first: whatever has one is known to be newer or is alone
	slices.SortStableFunc(chunks, func(a, b chunk) int {
		return cmp.Or(cmp.Compare(*cmp.Or(a.date, &none), *cmp.Or(b.date, &none)), compareNatural(a.path, b.path))
	})
	for i := range chunks {
		chunks[i].number = i
	}
	return chunks, nil
}

// chunksOf is the chunk that a path is, or the zips in a folder.
func chunksOf(path string) (chunks []chunk, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	if !info.IsDir() {
		if (isZip(path) || isUnfinished(path) && isZip(strings.TrimSuffix(path, filepath.Ext(path)))) && info.Mode().IsRegular() {
			chunks = []chunk{{path: path, isZip: true, date: dateIn(name)}}
		}
		return chunks, nil // or it is a checksum, or something else beside the exports
	}
	entries, _ := os.ReadDir(path) // it is told when its files are looked for
	for _, e := range entries {
		if isZip(e.Name()) {
			chunks = append(chunks, chunk{path: filepath.Join(path, e.Name()), folder: path, isZip: true, date: dateIn(filepath.Join(name, e.Name()))})
		}
	}
	if len(chunks) == 0 {
		chunks = []chunk{{path: path, folder: path, date: dateIn(name)}}
	}
	return chunks, nil
}

func isZip(path string) bool { return strings.EqualFold(filepath.Ext(path), ".zip") }

// dateIn is the last date in a name.
func dateIn(name string) *int64 {
	for _, text := range slices.Backward(exportDate.FindAllString(name, -1)) {
		if t, err := time.Parse("2006_01_02_15_04_05", text); err == nil {
			return new(t.Unix())
		}
	}
	return nil
}

var digits = regexp.MustCompile(`\d+|\D+`)

// compareNatural compares names piece by piece, runs of digits as numbers of any size.
func compareNatural(a, b string) int {
	x, y := digits.FindAllString(a, -1), digits.FindAllString(b, -1)
	return slices.CompareFunc(x, y, func(p, q string) int {
		if isDigit(p[0]) && isDigit(q[0]) {
			p, q = strings.TrimLeft(p, "0"), strings.TrimLeft(q, "0")
			if len(p) != len(q) {
				return len(p) - len(q)
			}
		}
		return strings.Compare(p, q)
	})
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// clockSlack is by how much the clocks and zones of machines that write and copy exports may be wrong.
const clockSlack = 48 * time.Hour

// isBefore tells whether nothing in a chunk can have begun at a time or later: neither does its name say that its data reach so far, nor was any of
// its files written since. Each alone may be wrong: a mark lags where one of GIM's sources does, and some tools write times of their own.
func (c chunk) isBefore(ts int64) bool {
	limit := ts - int64(clockSlack.Seconds())
	if c.date == nil || *c.date >= limit {
		return false
	}
	before := true
	err := c.eachFile(func(_ string, info fs.FileInfo) { before = before && info.ModTime().Unix() < limit })
	return err == nil && before
}

// eachFile visits the chunk's folder and what is in it; links are followed, as they are where it is read.
func (c chunk) eachFile(visit func(path string, info fs.FileInfo)) error {
	root, err := filepath.EvalSymlinks(c.path)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err == nil {
			visit(path, info)
		}
		return err
	})
}

// find finds the chunk's files of the tables that are wanted, by table; their names are of any case. Where groups are wanted, the file
// of sessions is that of their groups too. Those of a zip are looked at when they are unpacked.
func (c *chunk) find(groups bool) (err error) {
	c.files = map[string]string{}
	note := func(file string) error {
		table, is := strings.CutSuffix(strings.ToLower(file), ".csv")
		switch {
		case !is || !has(tables, table) && !(groups && has(groupTables, table)):
			return nil
		case c.files[table] != "" && c.isZip:
			return fmt.Errorf("it is the second file of table %s", table)
		case c.files[table] != "":
			return fmt.Errorf("%s: two files of table %s", c.path, table)
		}
		if c.files[table] = file; groups && table == sessionTable {
			c.files[sessionGroups.Name] = file
		}
		if c.isZip {
			return nil
		}
		return regular(filepath.Join(c.path, file))
	}
	if c.isZip {
		if err := checkSHA1(c.path); err != nil {
			return err
		}
		return c.eachZipped(func(f *zip.File) error {
			if isZip(nameOf(f)) {
				return errors.New("a zip in a zip is not unpacked")
			}
			return note(nameOf(f))
		})
	}
	entries, err := os.ReadDir(c.path)
	for _, e := range entries {
		err = cmp.Or(err, note(e.Name()))
	}
	return err
}

// regular refuses what is no file, before it is opened: a pipe would be waited for.
func regular(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	return err
}

// nameOf is the name of a file in a zip: folders there do not matter, and no path can lead elsewhere. Some tools of Windows write backslashes.
func nameOf(f *zip.File) string {
	return strings.ToLower(path.Base(strings.ReplaceAll(f.Name, `\`, "/")))
}

// eachZipped visits the files of a zip. Its errors tell a broken zip from a file that could not be opened, read or written, and from
// what is whole but of another kind.
func (c *chunk) eachZipped(visit func(*zip.File) error) (err error) {
	defer func() {
		switch {
		case err == nil:
		case is[*fs.PathError](err):
			err = fmt.Errorf("unpack %s: %w", c.path, err)
		case is[*fail.Error](err):
			err = fmt.Errorf("%s: %w", c.path, err)
		default:
			err = fmt.Errorf("%s: broken zip: %w", c.path, err)
		}
	}()
	z, err := zip.OpenReader(c.path)
	if errors.Is(err, zip.ErrFormat) {
		return cmp.Or(noZip(c.path), err)
	}
	if err != nil {
		return err
	}
	defer z.Close() //nolint:errcheck // only read
	z.RegisterDecompressor(methodBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	for _, f := range z.File {
		if err := visit(f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func (c *chunk) unpack(name, to string) error {
	return c.eachZipped(func(f *zip.File) error {
		if nameOf(f) != name {
			return nil
		}
		return unzip(f, to)
	})
}

// A file of more than smallFile bytes that is more than maxRatio times as large as the zip's part of it is none of an
// export, whose tables become a tenth as large, but is there to fill the disk.
const (
	maxRatio  = 200
	smallFile = 1 << 30
)

// unzip writes one file, and no more than the zip says that there is of it.
func unzip(f *zip.File, to string) (err error) {
	const isEncrypted = 1 // of the flags
	size := f.UncompressedSize64
	switch {
	case f.Flags&isEncrypted != 0 || f.Method == methodEncrypted:
		return encrypted("it is encrypted with a password")
	case f.Method != zip.Store && f.Method != zip.Deflate && f.Method != methodBzip2:
		return otherwise(fmt.Sprintf("it is compressed with %s: want deflate", cmp.Or(methods[f.Method], fmt.Sprint("method ", f.Method))))
	case !f.Mode().IsRegular():
		return errors.New("it is not a regular file")
	case size > smallFile && size/maxRatio > f.CompressedSize64:
		return fmt.Errorf("%d bytes would become %d, more than %d times as many", f.CompressedSize64, size, maxRatio)
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // reading to the end has checked the sum
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			os.Remove(to) //nolint:errcheck // so is the folder, with the run
		}
	}()
	_, err = io.Copy(out, in) //nolint:gosec // package zip ends what becomes larger than it says
	return err
}

// encrypted and otherwise are why a file is not read that is whole, for all that one can tell.
func encrypted(how string) error {
	return fail.New(fail.Source, "have it exported without encryption, or decrypted into a folder of its own; nothing was changed", "%s", how)
}

func otherwise(what string) error {
	return fail.New(fail.Source, "have it written as a zip of the usual kind (deflate), or unpacked into a folder; nothing was changed", "%s", what)
}

const (
	methodBzip2     = 12
	methodEncrypted = 99 // by AES; the true method stands elsewhere
)

// methods are those that are not read, by name. 9 is what Windows takes for files of 2 GB and more.
var methods = map[uint16]string{
	1: "Shrink", 2: "Reduce", 3: "Reduce", 4: "Reduce", 5: "Reduce", 6: "Implode", 9: "Deflate64", 14: "LZMA", 20: "Zstandard", 93: "Zstandard", 94: "MP3", 95: "XZ",
	96: "JPEG", 97: "WavPack", 98: "PPMd",
}

// beginnings are how files begin that are no zip, though their name ends so, and what they look: encrypted, or like something else.
var beginnings = map[string]string{
	// CMS, in DER or BER: a sequence of 128 bytes and more, or of a length to come
	"\x30\x80": byGIM, "\x30\x82": byGIM, "\x30\x83": byGIM, "\x30\x84": byGIM, "\x30\x85": byGIM,
	"-----BEGIN ": byGIM, "MIME-Version:": byGIM, "Content-Type:": byGIM, // CMS, PKCS7, PGP
	"Salted__": "encrypted by openssl", "age-encryption.org/": "encrypted by age",
	"\x84": byOpenPGP, "\x85": byOpenPGP, "\x8c": byOpenPGP, "\xc1": byOpenPGP, "\xc3": byOpenPGP, // a session key, for a person or of a password
	"\x1f\x8b": "like gzip", "\x1f\x9d": "like compress", "BZh": "like bzip2", "\xfd7zXZ\x00": "like xz", "\x28\xb5\x2f\xfd": "like Zstandard",
	"7z\xbc\xaf\x27\x1c": "like 7-Zip", "Rar!": "like RAR", "MSCF": "like a cabinet of Windows", "<": "like a page of a web server",
}

const (
	byGIM     = "encrypted (GIM's option encrypt-certificate)"
	byOpenPGP = "encrypted by OpenPGP"
)

// noZip says what a file is that is no zip; nil where nothing tells it from one that was copied in part.
func noZip(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	text := strings.TrimPrefix(string(head[:n]), "\ufeff")
	for with, looks := range beginnings {
		switch {
		case !strings.HasPrefix(text, with):
		case strings.HasPrefix(looks, "encrypted"):
			return encrypted("no zip: it looks " + looks)
		default:
			return otherwise("no zip: it looks " + looks)
		}
	}
	switch {
	case len(text) > 262 && text[257:262] == "ustar":
		return otherwise("no zip: it looks like tar")
	case exists(path[:len(path)-len(".zip")] + ".z01"):
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
	sums := map[string]bool{}                                                 // those that are there, and whether in a line that names the file
	text, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), text) // Windows PowerShell's > writes UTF-16
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		lower, name := strings.ToLower(line), strings.ToLower(name)
		for _, sum := range aSHA1.FindAllString(strings.ReplaceAll(lower, name, "?"), -1) {
			sum = strings.NewReplacer(" ", "", ":", "").Replace(sum)
			sums[sum] = sums[sum] || strings.Contains(lower, name)
		}
	}
	if len(sums) > 1 {
		maps.DeleteFunc(sums, func(_ string, named bool) bool { return !named })
	}
	switch found := slices.Collect(maps.Keys(sums)); len(found) {
	case 0:
		return "", fmt.Errorf("want the 40 hexadecimal digits of a SHA-1, and the name %s beside them where there are several", name)
	case 1:
		return found[0], nil
	}
	return "", errors.New("it gives several SHA-1 of " + name)
}
