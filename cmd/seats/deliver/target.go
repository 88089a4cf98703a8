package deliver

import (
	"context"
	"errors"

	"seats/internal/config"
)

// Target is a folder to deliver to. The errors name what was being done there; a *brokenError says that the connection
// broke, so that another one may help.
type Target interface {
	read(name string) ([]byte, error) // fs.ErrNotExist where there is none
	write(name string, text []byte) error
	rename(from, to string, replace bool) error
	names() ([]string, error) // of the files there
	remove(name string) error
	Close() error
}

// Open reaches the folder, which must be there. A cancelled context breaks the connection.
func Open(ctx context.Context, d config.Delivery) (Target, error) {
	if d.Host == "" {
		return openFolder(d.Folder, d.Mode)
	}
	return dial(ctx, d)
}

// brokenError is a connection that could not be made, or broke.
type brokenError struct{ error }

func (e *brokenError) Unwrap() error { return e.error }

func isBroken(err error) bool {
	_, broken := errors.AsType[*brokenError](err)
	return broken
}
