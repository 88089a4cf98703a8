package plain_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/must"
	"example.com/seats/internal/plain"
)

// notPlain makes what must not be opened: whoever opened the pipe would wait for ever.
func notPlain(t *testing.T) (paths []string) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink(pipe, link))
	return []string{pipe, link, dir, "/dev/zero"}
}

func TestOnlyPlainFilesAreOpened(t *testing.T) {
	for _, path := range notPlain(t) {
		require.ErrorContains(t, must.Err(plain.Read(path)), "it is no plain file", path)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("text"), 0o600))
	require.NoError(t, os.Symlink("secret", filepath.Join(dir, "link")))
	require.Equal(t, "text", string(must.Have(plain.Read(filepath.Join(dir, "link")))(t)))
	require.ErrorIs(t, must.Err(plain.Read(filepath.Join(dir, "none"))), fs.ErrNotExist)
}

func TestALockIsTheUsersOwn(t *testing.T) {
	for _, path := range notPlain(t) {
		require.Error(t, must.Err(plain.Lock(path)), path)
	}
	path := filepath.Join(t.TempDir(), "lock")
	require.NoError(t, os.WriteFile(path, nil, 0o666))
	require.NoError(t, os.Chmod(path, 0o666))
	first := must.Have(plain.Lock(path))(t)
	require.Equal(t, fs.FileMode(0o600), must.Have(os.Stat(path))(t).Mode())
	require.ErrorIs(t, must.Err(plain.Lock(path)), plain.ErrLocked)
	require.NoError(t, os.Remove(path))
	second, err := plain.Lock(path)
	require.NoError(t, err, "another file by now")
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	if os.Geteuid() == 0 {
		t.Log("root may take a lock of whomever")
	}
}

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
		require.Equal(t, test.exposed, plain.Exposed(key{owner: test.owner, mode: test.mode}), "%v %o", test.owner == me, test.mode)
	}
}
