// Package disk tells a full disk as that, whatever was being done when it showed: in which folder, how much is free
// there, and what to do; and a want of memory or of file handles.
package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/duckdb/duckdb-go/v2"

	"example.com/seats/internal/fail"
)

// Explain gives an error that a full disk caused fail.Other, the folder and a hint, once, and one that a want of memory or of
// file handles caused fail.Other and a hint; any other it gives back as it is. spill is the folder for what does not fit into
// DuckDB's memory, which DuckDB does not name; "" where nothing does.
func Explain(err error, spill string) error {
	if _, told := errors.AsType[*lackError](err); err == nil || told {
		return err
	}
	theirs, is := errors.AsType[*duckdb.Error](err)
	if !is {
		theirs = &duckdb.Error{}
	}
	var what, hint string
	switch folder := fullFolder(err, theirs, spill); {
	case folder != "":
		what = fmt.Sprintf("the disk of %s is full (%s)", folder, Left(folder))
		hint = "make room there, or let data_dir, output_dir, lake and engine.temp_dir be on a larger disk; then run again"
	case theirs.Type == duckdb.ErrorTypeOutOfMemory, strings.Contains(theirs.Msg, "Out of Memory Error"):
		what, hint = "too little memory", "raise engine.memory_limit, or lower engine.threads; then run again"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), strings.Contains(strings.ToLower(theirs.Msg), syscall.EMFILE.Error()):
		what, hint = "too few file handles", "raise the limit of open files (`ulimit -n`): 64 are enough for a tenant at a time"
	default:
		return err
	}
	return fail.New(fail.Other, hint, "%w", &lackError{what, err})
}

type lackError struct {
	what string
	err  error
}

// Error leaves out what DuckDB says below its first line: the statement, and advice to people at a prompt.
func (e *lackError) Error() string {
	why := e.err.Error()
	if theirs, is := errors.AsType[*duckdb.Error](e.err); is {
		first, _, _ := strings.Cut(theirs.Msg, "\n")
		why = strings.Replace(why, theirs.Msg, first, 1)
	}
	return e.what + ": " + why
}

func (e *lackError) Unwrap() error { return e.err }

// fullFolder is the folder whose disk was full, "" where that is not what an error says, DuckDB's or another.
func fullFolder(err error, theirs *duckdb.Error, spill string) string {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, no) {
			return folderIn(err)
		}
		if strings.Contains(strings.ToLower(theirs.Msg), no.Error()) { // DuckDB hands on the system's words
			if match := quotedPath.FindStringSubmatch(theirs.Msg); match != nil {
				return filepath.Dir(match[1])
			}
			return "."
		}
	}
	// When it opens a database DuckDB sets itself a limit for spilling by what is free.
	if theirs.Type == duckdb.ErrorTypeOutOfMemory && strings.Contains(theirs.Msg, "max_temp_directory_size") {
		return spill
	}
	return ""
}

// quotedPath is absolute, as all of ours are: DuckDB quotes names of databases, too.
var quotedPath = regexp.MustCompile(`"(/[^"]+)"`)

// folderIn is the folder of the file that an error of package os names, as it is found from everywhere.
func folderIn(err error) string {
	folder := "."
	if path, is := errors.AsType[*os.PathError](err); is {
		if target, err := filepath.EvalSymlinks(path.Path); err == nil && path.Path == os.Stdout.Name() { // what it leads to
			folder = filepath.Dir(target)
		} else {
			folder = filepath.Dir(path.Path)
		}
	} else if link, is := errors.AsType[*os.LinkError](err); is {
		folder = filepath.Dir(link.New)
	}
	if path, err := filepath.Abs(folder); err == nil {
		return path
	}
	return folder
}

// Left says how much room a folder's disk has now, when what could not be written to its end may be gone again. The folder may be gone, too.
func Left(folder string) string {
	for {
		if _, err := os.Stat(folder); err == nil || folder == filepath.Dir(folder) {
			break
		}
		folder = filepath.Dir(folder)
	}
	var s syscall.Statfs_t
	switch err := syscall.Statfs(folder, &s); {
	case err != nil:
		return "how much is free cannot be told"
	case s.Files > 0 && s.Ffree == 0:
		return "there is no room for one more file"
	}
	return fmt.Sprintf("%.1f MB are free now", float64(s.Bavail)*float64(s.Bsize)/1e6)
}
