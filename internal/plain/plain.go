// Package plain opens files that the configuration names, or that lie where others can put something, once it is known that they
// are plain files: whoever opens a pipe waits for its other end, and a device does what it likes. It writes files, too, locks them,
// and tells who has a right to one; and it makes the folders that the configuration names and those for temporary files, or says which of
// them cannot be used and by which key it can be changed.
package plain

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"example.com/seats/internal/fail"
)

// Check refuses what is no plain file. Links are followed: that is how Kubernetes gives a Secret.
func Check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return regular(path, info)
}

func regular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("it is no plain file (%s)", info.Mode())}
}

// Open opens a file to be read.
func Open(path string) (*os.File, error) {
	if err := Check(path); err != nil {
		return nil, err
	}
	f, _, err := opened(path, os.O_RDONLY, 0, func(_ *os.File, info fs.FileInfo) error { return regular(path, info) }) // it may be another by now
	return f, err
}

// opened opens a file and looks at what it is, without waiting for anybody; one that the look refuses is closed.
func opened(path string, flags int, mode fs.FileMode, look func(*os.File, fs.FileInfo) error) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK|syscall.O_NOCTTY, mode)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = look(f, info)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// Read reads a file.
func Read(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return io.ReadAll(f)
}

// Exposed tells whether others have rights to a file of a key or a password that they must not have: any. Where it is another user's,
// its group may read it: that is how Kubernetes gives a Secret to this one.
func Exposed(key fs.FileInfo) bool {
	forbidden := fs.FileMode(0o077)
	if of, is := key.Sys().(*syscall.Stat_t); is && int(of.Uid) != os.Getuid() {
		forbidden = 0o027
	}
	return key.Mode().Perm()&forbidden != 0
}

// Write writes a file that is not there yet, with this mode whatever the umask, and has the disk confirm it.
func Write(path string, text []byte, mode fs.FileMode) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = out.Write(text); err == nil {
		err = out.Chmod(mode)
	}
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// Access says who else may read what is written for others: the mode of files, of which folders follow, and the group. The zero Access is nobody.
type Access struct {
	OutputMode  fs.FileMode `key:"output_mode,ours"`
	OutputGroup string      `key:"output_group"` // "": it stays
}

// Give gives a file or a folder the group and then the mode. What a folder lets others do beside that stays, and so does what is neither.
func (a Access) Give(path string) error {
	group, err := a.group(path)
	if err != nil {
		return err
	}
	return a.give(path, group)
}

// group is the number of the group; -1: it stays. A site's directory may be asked for it, and takes its time.
func (a Access) group(path string) (int, error) {
	if a.OutputGroup == "" {
		return -1, nil
	}
	group, err := user.LookupGroup(a.OutputGroup)
	if err != nil {
		return 0, fail.New(fail.BadConfig, "output_group must be the name of a group of this machine", "give %s a group: %w", path, err)
	}
	return strconv.Atoi(group.Gid)
}

func (a Access) give(path string, group int) error {
	info, err := os.Lstat(path)
	if err != nil || a == (Access{}) || !info.IsDir() && !info.Mode().IsRegular() {
		return err
	}
	if of, is := info.Sys().(*syscall.Stat_t); group >= 0 && is && int(of.Gid) != group {
		if err := os.Lchown(path, -1, group); err != nil {
			return fail.New(fail.BadConfig, "output_group must be a group that this user is in", "give group %s a file: %w", a.OutputGroup, err)
		}
	}
	mode := a.OutputMode
	if info.IsDir() { // who reads its files gets into it
		mode = info.Mode() | mode | mode&0o444>>2
	}
	if mode == info.Mode() {
		return nil
	}
	return os.Chmod(path, mode)
}

// Tree is Give for a folder and all below it.
func (a Access) Tree(dir string) error {
	if a == (Access{}) {
		return nil
	}
	group, err := a.group(dir)
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return cmp.Or(err, a.give(path, group))
	})
}

// Create makes a file for its owner alone, whole or not at all: it is written beside where it is to be, and gets its name by RenameNew or os.Rename.
func Create(path string, write func(io.Writer) error, name func(from, to string) error) error {
	draft, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if at, is := errors.AsType[*fs.PathError](err); is {
		at.Path = path // that somebody knows
	}
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) //nolint:errcheck // it has its name by now, or there is another error to tell
	if err = write(draft); err == nil {
		err = draft.Sync()
	}
	if err = errors.Join(err, draft.Close()); err != nil {
		return err
	}
	return name(draft.Name(), path)
}

// Each visits files at any depth, in the order of their names.
func Each(files fs.FS, visit func(name string, text []byte) error) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return visit(name, text)
	})
}

// CreateNew is Create where nothing is to be there yet: what is, is Taken.
func CreateNew(path string, write func(io.Writer) error) error {
	err := Create(path, write, RenameNew)
	if errors.Is(err, fs.ErrExist) {
		return Taken(path)
	}
	return err
}

// Taken is an error of fail.Usage: somebody named a file that exists.
func Taken(path string) error {
	return fail.New(fail.Usage, "nothing was overwritten; give a new name", "%s exists", path)
}

// RenameNew gives a file another name and replaces nothing, as os.Rename would. Where a file system has no links, it is looked first.
func RenameNew(from, to string) error {
	err := os.Link(from, to)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
		if _, err := os.Lstat(to); err == nil {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
		}
		return os.Rename(from, to)
	}
	if err != nil {
		return err
	}
	return os.Remove(from)
}

// Sync has the disk confirm a file, or the names in a folder. File systems that cannot do that for a folder answer EINVAL, and
// there is nothing to do about it.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	if err = f.Sync(); errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// ErrLocked: somebody else has the lock.
var ErrLocked = errors.New("it is locked")

// Lock takes a lock that ends when the file is closed, or with the process; one that is held is ErrLocked, and nobody waits. The
// file is this user's and nobody else's to open, so that nobody else can keep it locked: a link, a file of another user, or what is
// no plain file, is an error. Whoever holds the lock may remove the file.
func Lock(path string) (*os.File, error) {
	for {
		f, info, err := opened(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600, lock)
		if err != nil {
			return nil, err
		}
		if named, err := os.Lstat(path); err == nil && os.SameFile(info, named) {
			return f, nil
		}
		f.Close() //nolint:errcheck // it was removed meanwhile, by whoever had the lock
	}
}

func lock(f *os.File, info fs.FileInfo) error {
	if err := regular(f.Name(), info); err != nil {
		return err
	}
	if of, is := info.Sys().(*syscall.Stat_t); is && os.Geteuid() != 0 && int(of.Uid) != os.Geteuid() {
		return &fs.PathError{Op: "lock", Path: f.Name(), Err: errors.New("it belongs to another user")}
	}
	if info.Mode().Perm() != 0o600 {
		if err := f.Chmod(0o600); err != nil {
			return err
		}
	}
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return nil
}

// Keys of the configuration, as they stand in hints.
const (
	DataDir = "data_dir"
	TempDir = "engine.temp_dir"
)

// MakeDir makes a folder that the configuration names by key, and those above it, unless it is there already, and refuses
// one that this user may not put files into.
func MakeDir(dir, key string) error {
	return used(os.MkdirAll(dir, 0o700), dir, key)
}

// TryDir says what would keep MakeDir from a folder, and makes none.
func TryDir(dir, key string) error {
	_, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) {
		return TryDir(filepath.Dir(dir), key)
	}
	return used(err, dir, key)
}

func used(err error, dir, key string) error {
	if err == nil {
		if no := unix.Access(dir+"/", unix.W_OK|unix.X_OK); no != nil { // what is no folder, too
			err = &fs.PathError{Op: "write to", Path: dir, Err: no}
		}
	}
	if err == nil {
		return nil
	}
	return fail.New(fail.Other, key+" must be a folder that this user may write to", "use %s: %w", key, err)
}

// MakeTemp makes a folder for temporary files, unless it is there already. Such a folder is no more than a name until something is put into it: who
// only reads a store may have no right to write beside it. The one above it must be there. A link in its place is refused: it may lead anywhere.
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
	return fail.New(fail.Other, "let "+TempDir+" name a folder that this user may write to; where it is empty, temporary files go beside the store",
		"make folder for temporary files: %w", err)
}
