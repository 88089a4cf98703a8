package extract

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
)

// testClock is later than any export of the tests.
var testClock = time.Date(2107, 1, 1, 0, 0, 0, 0, time.UTC)

// touch makes files: a name that ends with a slash is a folder, one that ends with .zip an empty zip.
func touch(t *testing.T, dir string, names ...string) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if name[len(name)-1] == '/' {
			require.NoError(t, os.MkdirAll(path, 0o700))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		f := must.Have(os.Create(path))(t)
		if isZip(path) {
			require.NoError(t, zip.NewWriter(f).Close())
		}
		require.NoError(t, f.Close())
	}
}

func TestChunksComeInTheOrderOfTheirDatesThenOfTheirNames(t *testing.T) {
	dir := t.TempDir()
	touch(t, dir,
		"export_9_2026_03_11_02_00_00/",
		"export_10_2026_03_11_02_00_00/", // the same date: 10 after 9
		"export_2_2026_03_12_00_00_00.zip",
		"EXPORT_1_2026_03_12_00_00_00.ZIP",
		"export_99_2026_03_09_00_00_00/export_99.zip",                                     // the date is the folder's
		"export_98_2026_03_20_00_00_00/export_98_2026_03_10_00_00_00.zip",                 // the zip's own date wins
		"export_97_2026_03_10_12_00_00/a_2.zip", "export_97_2026_03_10_12_00_00/a_10.zip", // two in one folder
		"export_3_2026_01_01_00_00_00_2026_03_10_06_00_00/", // the last date counts
		"export_5_2026_13_01_00_00_00/",                     // no date: no such month
		"export_4/",
		"export_2_2026_03_12_00_00_00.zip.sha1", // no chunk
		"other_2026_03_12_00_00_00/", "readme.txt", "backup.zip",
	)
	chunks, _, err := findChunks(dir, "")
	require.NoError(t, err)
	var names []string
	for _, c := range chunks {
		names = append(names, must.Have(filepath.Rel(dir, c.path))(t))
	}
	require.Equal(t, []string{
		"export_4",
		"export_5_2026_13_01_00_00_00",
		"export_99_2026_03_09_00_00_00/export_99.zip",
		"export_98_2026_03_20_00_00_00/export_98_2026_03_10_00_00_00.zip",
		"export_3_2026_01_01_00_00_00_2026_03_10_06_00_00",
		"export_97_2026_03_10_12_00_00/a_2.zip",
		"export_97_2026_03_10_12_00_00/a_10.zip",
		"export_9_2026_03_11_02_00_00",
		"export_10_2026_03_11_02_00_00",
		"EXPORT_1_2026_03_12_00_00_00.ZIP",
		"export_2_2026_03_12_00_00_00.zip",
	}, names)
	require.Nil(t, chunks[0].date)
	require.Nil(t, chunks[1].date)
	require.Equal(t, time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC).Unix(), *chunks[len(chunks)-1].date)
}

func TestNaturalOrderComparesRunsOfDigitsAsNumbers(t *testing.T) {
	ordered := []string{"a", "a1", "a2", "a10", "a10b2", "a10b11", "a99999999999999999999", "a100000000000000000000", "b"}
	for i, x := range ordered {
		for j, y := range ordered {
			got := compareNatural(x, y)
			require.Equal(t, i < j, got < 0, "%s, %s", x, y)
			require.Equal(t, i == j, got == 0, "%s, %s", x, y)
		}
	}
	require.Zero(t, compareNatural("a007", "a7"))
}

func TestZipCannotLeadElsewhere(t *testing.T) {
	c := zipOf(t, func(w *zip.Writer) {
		for _, name := range []string{"../../media_type.csv", "/deep/folder/RESOURCE_.CSV", "dialing_mode.txt", "passwords.csv"} {
			must.Have(must.Have(w.Create(name))(t).Write([]byte("X\n")))(t)
		}
	})
	folder := t.TempDir()
	require.Equal(t, map[string]string{"media_type": "media_type.csv", "resource_": "resource_.csv"}, must.Have(c.unpacked(folder))(t))
	require.Equal(t, []string{"media_type.csv", "resource_.csv"}, must.Names(t, folder), "nothing is unpacked that is not read")
}

// unpacked finds the files of a zip by table, and unpacks them into a folder.
func (c *chunk) unpacked(folder string) (map[string]string, error) {
	if err := c.find(false); err != nil {
		return nil, err
	}
	for _, name := range c.files {
		if err := c.unpack(name, filepath.Join(folder, name)); err != nil {
			return nil, err
		}
	}
	return c.files, nil
}

// A zip is broken where it does not hold what it should; where its files cannot be written, it is not.
func TestAZipThatCannotBeUnpackedIsNotBroken(t *testing.T) {
	c := zipOf(t, func(w *zip.Writer) {
		must.Have(must.Have(w.Create("media_type.csv"))(t).Write([]byte("MEDIA_TYPE_KEY,MEDIA_NAME_CODE\n1,VOICE\n")))(t)
	})
	path, dir := c.path, filepath.Dir(c.path)
	touch(t, dir, "media_type.csv") // in the way
	err := must.Err(c.unpacked(dir))
	require.ErrorIs(t, err, fs.ErrExist)
	require.NotContains(t, err.Error(), "broken zip")

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	text[45]++ // in the middle of the file's bytes
	for name, content := range map[string][]byte{"changed": text, "cut off": text[:50], "no zip": []byte("x")} {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		require.ErrorContains(t, must.Err(c.unpacked(t.TempDir())), "export_1.zip: broken zip: ", name)
	}
}

// engine.temp_dir, and the machine's own folder, may be links.
func TestAZipIsLookedAtInATemporaryFolderBehindALink(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	touch(t, dir, "export_1.zip")
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(temp, link))
	require.ErrorContains(t, must.Err(InspectExport(t.Context(), dir, "", link, 0, false, testClock)), "no file for contact_attempt_fact")
	require.Empty(t, must.Have(os.ReadDir(temp))(t))
}

// zipOf writes a zip, file by file.
func zipOf(t testing.TB, write func(w *zip.Writer)) chunk {
	path := filepath.Join(t.TempDir(), "export_1.zip")
	f := must.Have(os.Create(path))(t)
	w := zip.NewWriter(f)
	write(w)
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	return chunk{path: path, isZip: true}
}

func TestAZipThatIsNoExportIsRefusedByTheNameOfItsFile(t *testing.T) {
	add := func(h zip.FileHeader, content string) func(*zip.Writer) {
		return func(w *zip.Writer) { must.Have(must.Have(w.CreateHeader(&h))(t).Write([]byte(content)))(t) }
	}
	says := func(size uint64) func(*zip.Writer) { // whatever is in it
		return func(w *zip.Writer) {
			h := zip.FileHeader{Name: "x/media_type.csv", Method: zip.Deflate, CompressedSize64: 6, UncompressedSize64: size}
			_, err := must.Have(w.CreateRaw(&h))(t).Write([]byte{0x4b, 0x4c, 0x4c, 0x04, 0x00, 0x00}) // "aaa", and more
			require.NoError(t, err)
		}
	}
	link := zip.FileHeader{Name: "media_type.csv"}
	link.SetMode(fs.ModeSymlink | 0o777)
	plain := zip.FileHeader{Name: "media_type.csv"}
	for want, write := range map[string]func(*zip.Writer){
		"media_type.csv: it is not a regular file":                                          add(link, "/etc/passwd"),
		"x/media_type.csv: 6 bytes would become 1099511627776, more than 200 times as many": says(1 << 40),
		"x/media_type.csv: zip: not a valid zip file":                                       says(1), // it is longer than it says
		"old/export_0.ZIP: a zip in a zip is not unpacked":                                  add(zip.FileHeader{Name: "old/export_0.ZIP"}, "PK"),
		"b/MEDIA_TYPE.csv: it is the second file of table media_type":                       func(w *zip.Writer) { add(plain, "")(w); add(zip.FileHeader{Name: "b/MEDIA_TYPE.csv"}, "")(w) },
	} {
		temp, c := t.TempDir(), zipOf(t, write)
		require.EqualError(t, must.Err(c.unpacked(temp)), c.path+": broken zip: "+want)
		require.Empty(t, must.Have(os.ReadDir(temp))(t))
	}
}

// Names with backslashes, as some tools of Windows write them, and bzip2 are read.
func TestZipsOfOtherToolsAreRead(t *testing.T) {
	const text = "MEDIA_TYPE_KEY,MEDIA_NAME_CODE\n1,VOICE\n"
	packed := must.Have(hex.DecodeString("425a6839314159265359b6477c6200000cde000010000420002e2bc520a00031434d30003534c9934d3268a3c870f8b96111224a902b4c51bdf8d7b64187c5dc914e14242d91df1880"))(t)
	for name, write := range map[string]func(w *zip.Writer){
		"backslashes": func(w *zip.Writer) {
			must.Have(must.Have(w.Create(`export_1\MEDIA_TYPE.CSV`))(t).Write([]byte(text)))(t)
		},
		"bzip2": func(w *zip.Writer) {
			h := zip.FileHeader{Name: "media_type.csv", Method: 12, CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(len(text)), CRC32: crc32.ChecksumIEEE([]byte(text))}
			must.Have(must.Have(w.CreateRaw(&h))(t).Write(packed))(t)
		},
	} {
		folder, c := t.TempDir(), zipOf(t, write)
		files, err := c.unpacked(folder)
		require.NoError(t, err, name)
		require.Equal(t, map[string]string{"media_type": "media_type.csv"}, files, name)
		got, err := os.ReadFile(filepath.Join(folder, "media_type.csv"))
		require.NoError(t, err, name)
		require.Equal(t, text, string(got), name)
	}
}

// What is whole and of another kind is told for what it is, and not called broken.
func TestWhatIsNotReadOfAZipIsToldForWhatItIs(t *testing.T) {
	entry := func(h zip.FileHeader) []byte {
		h.Name, h.CompressedSize64, h.UncompressedSize64 = "media_type.csv", 6, 6
		text := must.Have(os.ReadFile(zipOf(t, func(w *zip.Writer) {
			must.Have(must.Have(w.CreateRaw(&h))(t).Write([]byte("abcdef")))(t)
		}).path))(t)
		return text
	}
	tar := make([]byte, 1024)
	copy(tar, "media_type.csv")
	copy(tar[257:], "ustar")
	for want, text := range map[string][]byte{
		"media_type.csv: it is encrypted with a password":                entry(zip.FileHeader{Method: zip.Deflate, Flags: 1}),
		"media_type.csv: it is encrypted with a password ":               entry(zip.FileHeader{Method: 99, Flags: 1}),
		"media_type.csv: it is compressed with LZMA: want deflate":       entry(zip.FileHeader{Method: 14}),
		"media_type.csv: it is compressed with Deflate64: want deflate":  entry(zip.FileHeader{Method: 9}),
		"media_type.csv: it is compressed with Zstandard: want deflate":  entry(zip.FileHeader{Method: 93}),
		"media_type.csv: it is compressed with method 77: want deflate":  entry(zip.FileHeader{Method: 77}),
		"no zip: it looks encrypted (GIM's option encrypt-certificate)":  []byte("\x30\x82\x10\x00abc"),
		"no zip: it looks encrypted (GIM's option encrypt-certificate) ": []byte("-----BEGIN PKCS7-----\nMIIB"),
		"no zip: it looks encrypted by age":                              []byte("age-encryption.org/v1\n"),
		"no zip: it looks encrypted by OpenPGP":                          []byte("\x85\x01\x0c\x03"),
		"no zip: it looks like gzip":                                     []byte("\x1f\x8b\x08"),
		"no zip: it looks like 7-Zip":                                    []byte("7z\xbc\xaf\x27\x1c\x00"),
		"no zip: it looks like tar":                                      tar,
		"no zip: it looks like a page of a web server":                   []byte("<!DOCTYPE html>"),
	} {
		c := chunk{path: filepath.Join(t.TempDir(), "export_1.zip"), isZip: true}
		require.NoError(t, os.WriteFile(c.path, text, 0o600))
		err := must.Err(c.unpacked(t.TempDir()))
		require.EqualError(t, err, c.path+": "+strings.TrimSuffix(want, " "))
		require.Equal(t, fail.Source, fail.CodeOf(err))
		require.NotEmpty(t, fail.Hints(err))
	}
}

// The SHA-1 of a zip is the same by whatever program's habit it is written.
func TestASHA1IsReadHoweverItIsWritten(t *testing.T) {
	const sum, other, name = "da39a3ee5e6b4b0d3255bfef95601890afd80709", "0123456789012345678901234567890123456789", "export_1_2026.zip"
	upper := strings.ToUpper(sum)
	wide := func(text string, order binary.AppendByteOrder) (out []byte) {
		for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
			out = order.AppendUint16(out, unit)
		}
		return out
	}
	for label, text := range map[string][]byte{
		"sha1sum":              []byte(sum + "  " + name + "\n"),
		"sha1sum -b":           []byte(sum + " *" + name + "\r\n"),
		"sha1sum, escaped":     []byte(`\` + sum + `  a\\` + name + "\n"),
		"the sum alone":        []byte(sum),
		"byte-order mark":      []byte("\ufeff" + sum),
		"upper case":           []byte(upper + "  " + name),
		"BSD":                  []byte("SHA1 (" + name + ") = " + sum + "\n"),
		"openssl":              []byte("SHA1(" + name + ")= " + sum + "\n"),
		"openssl, without":     []byte("SHA1(stdin)= " + sum + "\n"),
		"UTF-16LE":             wide(sum+"  "+name+"\r\n", binary.LittleEndian),
		"UTF-16BE":             wide(sum, binary.BigEndian),
		"certutil":             []byte("SHA1 hash of file " + name + ":\r\n" + sum + "\r\nCertUtil: -hashfile command completed successfully.\r\n"),
		"certutil of old":      []byte("SHA1 hash of file " + name + ":\r\nda 39 a3 ee 5e 6b 4b 0d 32 55 bf ef 95 60 18 90 af d8 07 09\r\n"),
		"Get-FileHash":         []byte("\r\nAlgorithm       Hash                                       Path\r\n---------       ----\r\nSHA1            " + upper + "   D:\\" + name + "\r\n"),
		"of several files":     []byte(other + "  export_2_2026.zip\n" + sum + "  " + name + "\n"),
		"of another name":      []byte(sum + "  before.zip\n"),
		"the name has a SHA-1": []byte(sum + "  export_" + other + ".zip\n"),
	} {
		of := name
		if label == "the name has a SHA-1" {
			of = "export_" + other + ".zip"
		}
		got, err := sha1In(text, of)
		require.NoError(t, err, label)
		require.Equal(t, sum, got, label)
	}
	for label, text := range map[string]string{
		"nothing": "", "no sum": "ok\n", "SHA-256": sum + sum[:24] + "  " + name, "half": sum[:39], "several without the name": other + "  a.zip\n" + sum + "  b.zip\n",
		"several of the name": other + " " + name + "\n" + sum + "  " + name + "\n", "base64": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
	} {
		c := zipOf(t, func(*zip.Writer) {})
		require.NoError(t, os.WriteFile(c.path+".sha1", []byte(text), 0o600))
		err := must.Err(c.unpacked(t.TempDir()))
		require.ErrorContains(t, err, c.path+".sha1: the .sha1 file is not understood: ", label)
		require.NotContains(t, err.Error(), "copied in part")
		require.Equal(t, fail.Source, fail.CodeOf(err))
	}
}

// What is no file is refused before it is opened: a pipe would be waited for, for ever.
func TestAPipeInAnExportIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	touch(t, dir, "export_1.zip")
	for _, name := range []string{"media_type.csv", "export_1.zip.sha1", "export_2.zip"} {
		require.NoError(t, syscall.Mkfifo(filepath.Join(dir, name), 0o600))
	}
	require.ErrorContains(t, (&chunk{path: dir}).find(false), "media_type.csv is not a regular file")
	require.ErrorContains(t, (&chunk{path: filepath.Join(dir, "export_1.zip"), isZip: true}).find(false), "export_1.zip.sha1 is not a regular file")
	chunks, _, err := findChunks(dir, "")
	require.NoError(t, err)
	require.Len(t, chunks, 1)
}

// FuzzZip unpacks whatever calls itself a zip: into its folder and nowhere else, only what is read, or not at all, with
// an error that names it.
func FuzzZip(f *testing.F) {
	for _, write := range []func(w *zip.Writer){
		func(*zip.Writer) {},
		func(w *zip.Writer) { _, _ = w.Create("../../media_type.csv") },
		func(w *zip.Writer) {
			entry, _ := w.Create("a/RESOURCE_.CSV")
			_, _ = entry.Write(bytes.Repeat([]byte("1,AGENT\n"), 100))
			_, _ = w.Create("inner.zip")
		},
	} {
		text := must.Have(os.ReadFile(zipOf(f, write).path))(f)
		f.Add(text)
		f.Add(text[:len(text)-1])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		c := chunk{path: filepath.Join(dir, "export_1.zip"), isZip: true}
		require.NoError(t, os.WriteFile(c.path, text, 0o600))
		folder := t.TempDir()
		files, err := c.unpacked(folder)
		if err != nil {
			require.ErrorContains(t, err, c.path)
			return
		}
		require.ElementsMatch(t, slices.Collect(maps.Values(files)), must.Names(t, folder))
		require.Equal(t, []string{"export_1.zip"}, must.Names(t, dir))
	})
}

func TestTwoFilesOfOneTableAreRefused(t *testing.T) {
	dir := t.TempDir()
	touch(t, dir, "media_type.csv", "MEDIA_TYPE.CSV")
	require.ErrorContains(t, (&chunk{path: dir}).find(false), "two files of table media_type")
}

// A chunk that says by its name, by one in it, or by the marker that it lacks, that it is still coming is not read; with a
// newer one behind it that is an error, since its rows belong between theirs.
func TestChunksThatAreStillComingAreLeftOut(t *testing.T) {
	const whole, next = "export_1_2026_03_10_00_00_00/", "export_2_2026_03_11_00_00_00"
	for name, c := range map[string]struct {
		marker string
		files  []string
		coming string // why, if it is
	}{
		"whole":                    {"", []string{next + "/a.csv"}, ""},
		"folder of another name":   {"", []string{next + ".tmp/a.csv"}, "it has the name of something unfinished"},
		"zip of another name":      {"", []string{next + ".zip.part"}, "it has the name of something unfinished"},
		"zip in such a folder":     {"", []string{next + ".partial/a.zip"}, "it has the name of something unfinished"},
		"file of another name":     {"", []string{next + "/a.csv", next + "/b.csv.filepart"}, "there is b.csv.filepart in it"},
		"zip in it of another":     {"", []string{next + "/a.zip.TMP"}, "there is a.zip.TMP in it"},
		"zip beside a part":        {"", []string{next + "/a.zip", next + "/b.zip.incomplete"}, "there is b.zip.incomplete in it"},
		"no marker":                {"_SUCCESS", []string{next + "/a.csv"}, "it has no _SUCCESS"},
		"marker in the folder":     {"_SUCCESS", []string{next + "/a.csv", next + "/_SUCCESS"}, ""},
		"marker beside the folder": {".done", []string{next + "/a.csv", next + ".done"}, ""},
		"marker beside a zip":      {".done", []string{next + ".zip", next + ".zip.done"}, ""},
		"no marker beside a zip":   {".done", []string{next + ".zip", next + ".done"}, "it has no .done"},
		"marker beside its folder": {".done", []string{next + "/a.zip", next + ".done"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			touch(t, dir, append(c.files, whole+"a.csv", whole+"_SUCCESS", whole+".done")...)
			chunks, coming, err := findChunks(dir, c.marker)
			require.NoError(t, err)
			if c.coming == "" {
				require.Len(t, chunks, 2)
				require.Empty(t, coming)
				return
			}
			require.Len(t, chunks, 1)
			require.Len(t, coming, 1)
			require.Equal(t, c.coming, coming[0].unready)

			touch(t, dir, "export_3_2026_03_12_00_00_00/_SUCCESS", "export_3_2026_03_12_00_00_00/.done")
			_, _, err = findChunks(dir, c.marker)
			must.Fail(t, err, fail.Source, "is not whole, and there is a newer one: "+c.coming)
		})
	}
	dir := t.TempDir()
	touch(t, dir, "export_2.tmp/a.csv")
	_, _, err := findChunks(dir, "")
	must.Fail(t, err, fail.Source, "no chunk is whole yet: ")
}
