// Package keyfile says who may have a right to the file of a private key.
package keyfile

import (
	"io/fs"
	"os"
	"syscall"
)

// Exposed tells whether others have rights to a key that they must not have: any. Where the key is another user's, its
// group may read it: that is how Kubernetes gives a Secret to this one.
func Exposed(key fs.FileInfo) bool {
	forbidden := fs.FileMode(0o077)
	if of, is := key.Sys().(*syscall.Stat_t); is && int(of.Uid) != os.Getuid() {
		forbidden = 0o027
	}
	return key.Mode().Perm()&forbidden != 0
}
