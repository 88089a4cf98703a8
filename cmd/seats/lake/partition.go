package lake

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// Names of the files in a partition, and of the one that tells the store that a tenant's partitions are of.
const (
	dataName    = "part.parquet"
	successName = "_SUCCESS"
	storeName   = "_STORE"
)

// partition is a folder of the lake with one file of data, made of what hash stands for.
type partition struct {
	relation, dir, hash string
	file                string // that the data comes from
	sum                 string // of the data as it was written
}

func (p partition) data() string { return path.Join(p.dir, dataName) }

// success is what _SUCCESS says of a partition with such data, as sha256sum --check reads it.
func (p partition) success() []byte {
	return fmt.Appendf(nil, "# made of %s\n%s  %s\n", p.hash, p.sum, dataName)
}

// holds tells whether the lake has the partition, made of the same, and with its data as it was written. What is no file will be
// replaced.
func (l *Lake) holds(p partition) bool {
	said, err := l.read(path.Join(p.dir, successName))
	if err != nil {
		return false
	}
	in, err := l.open(p.data())
	if err != nil {
		return false
	}
	defer in.Close() //nolint:errcheck // only read
	h := sha256.New()
	_, err = io.Copy(h, in)
	p.sum = fmt.Sprintf("%x", h.Sum(nil))
	return err == nil && bytes.Equal(said, p.success())
}

// replace puts partitions that belong together into the lake: nothing is replaced before all of them are on its disk.
func (l *Lake) replace(parts []partition) (err error) {
	for at := range parts {
		if err := l.stage(&parts[at]); err != nil {
			return fmt.Errorf("write %s: %w", parts[at].data(), err)
		}
	}
	for _, p := range parts {
		if err := l.root.Remove(path.Join(p.dir, successName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, p := range parts {
		if err := l.root.Rename(beside(p.data()), p.data()); err != nil {
			return err
		}
		if err := l.sync(p.dir); err != nil {
			return err
		}
	}
	for _, p := range parts {
		if err == nil {
			err = l.write(path.Join(p.dir, successName), p.success())
		}
	}
	return err
}

// stage copies the data to where it will be renamed, and makes the folders above it.
func (l *Lake) stage(p *partition) error {
	if err := l.folder(p.dir); err != nil {
		return err
	}
	in, err := os.Open(p.file)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	h := sha256.New()
	err = l.create(beside(p.data()), io.TeeReader(in, h))
	p.sum = fmt.Sprintf("%x", h.Sum(nil))
	return err
}

// beside is the name of an unfinished file: no engine takes it for data.
func beside(name string) string { return path.Join(path.Dir(name), "."+path.Base(name)+".tmp") }

// write puts a small file in place, whole or not at all, unless it is there already.
func (l *Lake) write(name string, text []byte) error {
	if is, err := l.read(name); err == nil && bytes.Equal(is, text) {
		return nil
	}
	if err := l.create(beside(name), bytes.NewReader(text)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return l.root.Rename(beside(name), name)
}

// create writes a new file, in place of an unfinished one.
func (l *Lake) create(name string, in io.Reader) error {
	if err := l.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := l.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// read reads a small file that is no link.
func (l *Lake) read(name string) ([]byte, error) {
	in, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read
	return io.ReadAll(in)
}

// open opens a file that is no link.
func (l *Lake) open(name string) (*os.File, error) {
	info, err := l.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("it is no file")}
	}
	if err != nil {
		return nil, err
	}
	return l.root.Open(name)
}

// folder makes a folder and those above it, and refuses whatever else stands in their place, a link too.
func (l *Lake) folder(dir string) error {
	at := ""
	for name := range strings.SplitSeq(dir, "/") {
		at = path.Join(at, name)
		if err := l.root.Mkdir(at, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		info, err := l.root.Lstat(at)
		if err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "mkdir", Path: at, Err: syscall.ENOTDIR}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sync makes the entries of a folder durable, so that a _SUCCESS outlives no crash that its data does not.
func (l *Lake) sync(dir string) error {
	f, err := l.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
