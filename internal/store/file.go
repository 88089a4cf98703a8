package store

import (
	"errors"
	"io"
	"os"
)

// copyFile copies with the file system's own means where it has them: on Linux io.Copy between files
// becomes copy_file_range, which shares blocks on file systems that can.
func copyFile(in *os.File, to string) (err error) {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// syncFile makes a file, or the entries of a folder, durable.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
