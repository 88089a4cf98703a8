// Package must has tests go on with what a call gave: text := must.Have(os.ReadFile(path))(t).
package must

import (
	"github.com/stretchr/testify/require"
)

// Have gives what a call gave, unless it failed.
func Have[T any](v T, err error) func(require.TestingT) T {
	return func(t require.TestingT) T {
		if h, is := t.(interface{ Helper() }); is {
			h.Helper()
		}
		require.NoError(t, err)
		return v
	}
}

// Err is the error of a call that is to fail.
func Err[T any](_ T, err error) error { return err }
