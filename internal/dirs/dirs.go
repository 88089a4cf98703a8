// Package dirs makes the folders that the configuration names and those for temporary files, or says which of
// them cannot be used and by which key it can be changed.
//
// A folder for temporary files is no more than a name until something is put into it: who only reads a store may
// have no right to write beside it.
package dirs

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"seats/internal/fail"
)

// Keys of the configuration, as they stand in hints.
const (
	Data = "data_dir"
	Temp = "engine.temp_dir"
)

// What access(2) is asked for.
const (
	mayEnter = 1
	mayWrite = 2
)

// Make makes a folder that the configuration names by key, and those above it, unless it is there already, and refuses
// one that this user may not put files into.
func Make(dir, key string) error {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		if no := syscall.Access(dir, mayWrite|mayEnter); no != nil {
			err = &fs.PathError{Op: "write to", Path: dir, Err: no}
		}
	}
	if err == nil {
		return nil
	}
	return fail.New(fail.Other, key+" must be a folder that this user may write to", "use %s: %w", key, err)
}

// MakeTemp makes a folder for temporary files, unless it is there already. The one above it must be there. A link in
// its place is refused: it may lead anywhere.
func MakeTemp(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		var info fs.FileInfo
		if info, err = os.Lstat(dir); err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
	}
	if err == nil {
		return nil
	}
	return fail.New(fail.Other, "let "+Temp+" name a folder that this user may write to; where it is empty, temporary files go beside the store",
		"make folder for temporary files: %w", err)
}
