package keyfile_test

import (
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/keyfile"
)

// key is what is known of a file, which only root could give to another user.
type key struct {
	fs.FileInfo
	owner int
	mode  fs.FileMode
}

func (k key) Mode() fs.FileMode { return k.mode }
func (k key) Sys() any          { return &syscall.Stat_t{Uid: uint32(k.owner)} }

func TestWhoMayHaveRightsToAKey(t *testing.T) {
	me, other := os.Getuid(), os.Getuid()+1
	for _, test := range []struct {
		owner   int
		mode    fs.FileMode
		exposed bool
	}{
		{me, 0o600, false}, {me, 0o400, false}, {me, 0o440, true}, {me, 0o604, true},
		{other, 0o440, false}, {other, 0o640, false}, {other, 0o660, true}, {other, 0o444, true},
	} {
		require.Equal(t, test.exposed, keyfile.Exposed(key{owner: test.owner, mode: test.mode}), "%v %o", test.owner == me, test.mode)
	}
}
