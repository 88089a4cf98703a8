package confine

import (
	"fmt"
	"runtime"

	"github.com/landlock-lsm/go-landlock/landlock"
	kernel "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// writing is all that Landlock can take away of changing files and folders.
const writing landlock.AccessFSSet = kernel.AccessFSWriteFile | kernel.AccessFSTruncate | kernel.AccessFSRemoveDir | kernel.AccessFSRemoveFile |
	kernel.AccessFSMakeChar | kernel.AccessFSMakeDir | kernel.AccessFSMakeReg | kernel.AccessFSMakeSock | kernel.AccessFSMakeFifo |
	kernel.AccessFSMakeBlock | kernel.AccessFSMakeSym

// Thread takes from the caller's thread, and all that are started from it, the right to write anywhere but in one folder, which may be missing. The
// goroutine stays on that thread, which ends with it. It tells whether the kernel has Landlock; of what an older one lacks, it takes the rest.
func Thread(folder string) (confined bool, err error) {
	fd, flags, err := landlock.Config{HandledAccessFS: writing}.BestEffort().NewRulesetFD(landlock.PathAccess(writing, folder).IgnoreIfMissing())
	if err != nil || fd < 0 {
		return false, err
	}
	defer unix.Close(fd) //nolint:errcheck // only a handle
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return false, fmt.Errorf("confine thread: %w", err)
	}
	if err := kernel.LandlockRestrictSelf(fd, flags); err != nil {
		return false, fmt.Errorf("confine thread: %w", err)
	}
	return true, nil
}
