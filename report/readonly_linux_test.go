package report_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/must"
	"example.com/seats/report"
)

// nobody is a user who owns none of the test's files.
const nobody = 65534

// TestReadOnlyFolderFailsWithItsName works for root too, whom permissions do
// not stop: the thread gives up root's rights on files for the while.
func TestReadOnlyFolderFailsWithItsName(t *testing.T) {
	s := issuedSite(t, daily(42))
	out := filepath.Dir(s.writer.Dir)
	for _, dir := range []string{filepath.Dir(filepath.Dir(out)), filepath.Dir(out), out} {
		require.NoError(t, os.Chmod(dir, 0o755)) // the way there is open to others
	}
	require.NoError(t, os.Chmod(s.writer.Dir, 0o555))
	t.Cleanup(func() { _ = os.Chmod(s.writer.Dir, 0o700) })
	for name := range s.files() {
		require.NoError(t, os.Chmod(s.path(name), 0o644))
	}
	outcomes := issueAs(t, nobody, s.writer, []report.Number{daily(42), monthly(7)}, s.ledger)
	require.Equal(t, report.Unchanged, outcomes[0].Action)
	require.Equal(t, report.Failed, outcomes[1].Action)
	require.ErrorIs(t, outcomes[1].Err, fs.ErrPermission)
	require.ErrorContains(t, outcomes[1].Err, s.path(monthlyFile))
	require.Len(t, s.files(), 2)
}

// issueAs issues with the rights that another user has on files, where the test runs as root, and with its own otherwise.
func issueAs(t *testing.T, user int, w report.Writer, numbers []report.Number, ledger []report.Issue) []report.Outcome {
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		require.NoError(t, syscall.Setfsuid(user))
		defer func() { require.NoError(t, syscall.Setfsuid(0)) }()
	}
	return must.Have(w.Issue(numbers, ledger, "", laterAt))(t)
}
