package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"seats/internal/fail"
)

// packTime is what every file of a pack is dated: a pack says nothing of when it was made.
var packTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// zip closes the pack: checksums, then every file in the order of its name, then the one file at its place.
func (p *packer) zip(draft string) error {
	names, err := p.names()
	if err != nil {
		return err
	}
	if err := p.checksums(names); err != nil {
		return err
	}
	names = append(names, "SHA256SUMS")
	slices.Sort(names)
	out, err := os.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := zip.NewWriter(out)
	for _, name := range names {
		if err := p.addTo(w, name); err != nil {
			return errors.Join(err, out.Close())
		}
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		return err
	}
	return place(draft, p.Path)
}

// names are the files of the pack, with slashes, sorted.
func (p *packer) names() ([]string, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(p.dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

// checksums writes SHA256SUMS as sha256sum --check reads it.
func (p *packer) checksums(names []string) error {
	var out bytes.Buffer
	for _, name := range names {
		sum, err := sumOf(filepath.Join(p.dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%s  %s\n", sum, name)
	}
	return p.put("SHA256SUMS", out.Bytes())
}

func sumOf(path string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close() //nolint:errcheck // only read
	h := sha256.New()
	_, err = io.Copy(h, in)
	return hex.EncodeToString(h.Sum(nil)), err
}

func (p *packer) addTo(w *zip.Writer, name string) error {
	in, err := os.Open(filepath.Join(p.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packTime}
	header.SetMode(0o600)
	out, err := w.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return err
}

// place copies the finished draft to where it was asked for, and takes away what it could not finish. What is
// there already is left alone.
func place(draft, path string) (err error) {
	in, err := os.Open(draft)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fail.New(fail.Usage, "nothing was overwritten; give a new name", "%s exists", path)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
