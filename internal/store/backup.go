package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/plain"
)

// Copied is a file of a backup.
type Copied struct {
	File  string // its name in the backup, which is that in data_dir
	Bytes int64
	How   string // copied, or linked: a sealed month never changes
}

// Backup copies the published store at path, and the sealed months that it asks for, into a folder, each under its own name. It
// keeps no run from working: should one seal a month anew meanwhile, the files of before stay for a night. Every sealed month is
// held against what the store says of it, byte for byte.
func Backup(ctx context.Context, path, dir string, o duck.Options) (copied []Copied, err error) {
	to := filepath.Join(dir, filepath.Base(path))
	size, err := backupStore(path, to)
	if err != nil {
		return nil, err
	}
	copied = append(copied, Copied{filepath.Base(path), size, "copied"})
	o.TempDir = ""
	db, err := OpenPublished(ctx, to, o)
	if err != nil {
		return nil, Explain(err, path)
	}
	seals, err := Seals(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	for _, s := range seals {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := Copied{s.File, s.Bytes, "linked"}
		from, to := filepath.Join(filepath.Dir(path), s.File), filepath.Join(dir, s.File)
		if !sealFile.MatchString(s.File) {
			return nil, unsealed(from, errNoSealFile)
		}
		if info, err := os.Lstat(from); err != nil || !info.Mode().IsRegular() || os.Link(from, to) != nil {
			if c.How, err = "copied", backupSeal(from, to); err != nil {
				return nil, err
			}
		}
		if err := s.Check(dir); err != nil {
			return nil, fmt.Errorf("%w (copied from %s)", err, from)
		}
		copied = append(copied, c)
	}
	return copied, plain.Sync(dir)
}

// backupStore copies the published file, which nobody may have open for writing meanwhile.
func backupStore(path, to string) (size int64, err error) {
	f, err := openFile(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := errors.Join(share(f), unfinished(path)); err != nil {
		return 0, err
	}
	if err := copyFile("copy store", f, to); err != nil {
		return 0, err
	}
	info, err := os.Stat(to)
	if err != nil {
		return 0, err
	}
	return info.Size(), plain.Sync(to)
}

func backupSeal(from, to string) (err error) {
	f, err := openFile(from)
	if err != nil {
		return unsealed(from, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := copyFile("copy sealed month", f, to); err != nil {
		return err
	}
	return errors.Join(os.Chmod(to, 0o400), plain.Sync(to))
}

// NewBackup makes the folder that a backup is written into, beside where it is to be: done gives it its name, and drop removes it
// if that was not called. There must be nothing of that name.
func NewBackup(dir string) (work string, done, drop func() error, err error) {
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil, errors.Join(err, fail.New(fail.Usage, "name a folder that is not there yet: each backup has its own", "%s is there already", dir))
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return "", nil, nil, fmt.Errorf("make backup: %w", err)
	}
	work, err = os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".partial-")
	if err != nil {
		return "", nil, nil, fmt.Errorf("make backup: %w", err)
	}
	done = func() error {
		if err := os.Rename(work, dir); err != nil {
			return fmt.Errorf("name backup: %w", err)
		}
		return plain.Sync(filepath.Dir(dir))
	}
	return work, done, func() error { return os.RemoveAll(work) }, nil
}
