package export

import (
	"archive/zip"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"seats/cmd/gimsim/sim"
)

// pack moves the folder's files into a zip named after the folder, and writes
// its sum beside it in the form of sha1sum.
func (c *chunk) pack() error {
	name := filepath.Base(c.dir) + ".zip"
	f, err := os.Create(filepath.Join(c.dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha1.New()
	archive := zip.NewWriter(io.MultiWriter(f, sum))
	for _, t := range sim.Tables() {
		if c.files[t] != nil {
			if err := c.packFile(archive, t.Name()+".csv"); err != nil {
				return fmt.Errorf("pack %s: %w", t.Name(), err)
			}
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	line := hex.EncodeToString(sum.Sum(nil)) + "  " + name + "\n"
	return os.WriteFile(filepath.Join(c.dir, name+".sha1"), []byte(line), 0o666)
}

// packFile moves a file into the archive, dated with the newest data so that
// the archive does not show when it was made.
func (c *chunk) packFile(archive *zip.Writer, name string) error {
	path := filepath.Join(c.dir, name)
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: c.cut})
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return os.Remove(path)
}
