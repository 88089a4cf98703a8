package confine_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"example.com/seats/internal/confine"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/must"
)

// A database that nothing else bounds writes to one folder, by whichever of its threads, and to no other.
func TestADatabaseOfAConfinedThreadWritesToOneFolder(t *testing.T) {
	open, shut := t.TempDir(), t.TempDir()
	victim := filepath.Join(shut, "store.duckdb")
	require.NoError(t, os.WriteFile(victim, []byte("whole"), 0o600))
	require.NoError(t, confine.Apart(func() error {
		confined, err := confine.Thread(open)
		if err != nil {
			return err
		}
		abi, _, no := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
		if confined != (no == 0 && abi > 0) {
			return errors.New("it does not say what the kernel has")
		}
		db, err := duck.Open("", duck.Options{Threads: 4})
		if err != nil {
			return err
		}
		defer db.Close()
		rows := "copy (select range as i, range % 4 as part from range(1000000)) to "
		many := " (format parquet, per_thread_output)"
		if _, err := db.ExecContext(t.Context(), rows+duck.Literal(filepath.Join(open, "all"))+many); err != nil {
			return err
		}
		if !confined {
			return nil
		}
		for _, to := range []string{duck.Literal(victim), duck.Literal(filepath.Join(shut, "new.parquet")), duck.Literal(filepath.Join(shut, "parts")) + many} {
			if _, err := db.ExecContext(t.Context(), rows+to); err == nil {
				return errors.New("written to " + to)
			}
		}
		if err := os.Truncate(victim, 0); !errors.Is(err, syscall.EACCES) {
			return errors.Join(errors.New("truncated"), err)
		}
		return confine.Apart(func() error { return os.WriteFile(filepath.Join(shut, "users"), nil, 0o600) })
	}))
	require.Equal(t, "whole", must.Text(t, victim))
}
