package store

import (
	"context"

	"seats/internal/duck"
)

// Attempt and BeginVanished are for tests of what another program does at a moment of its own.
var Attempt = attempt

// BeginVanished is BeginExisting where the store goes away after the first look.
func BeginVanished(ctx context.Context, path string, o duck.Options) (*Work, error) {
	return begin(ctx, path, o, false)
}
