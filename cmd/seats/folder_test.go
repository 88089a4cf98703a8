package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pages "example.com/seats/cmd/seats/page"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
)

func emptySite(t *testing.T, dir, version string) *pages.Site {
	return must.Have(pages.Create(dir, pages.Head{Made: time.Unix(0, 0).UTC(), Version: version}))(t)
}

func indexOf(t *testing.T, dir string) string { return must.Text(t, dir, "index.html") }

func TestASiteAppearsWholeOrNotAtAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "pages")
	first := emptySite(t, dir, "one")
	require.NoDirExists(t, dir)
	require.NoError(t, first.Close())
	require.Contains(t, indexOf(t, dir), "seats one")

	// One that is given up leaves the older one, and nothing beside it.
	require.NoError(t, emptySite(t, dir, "two").Drop())
	require.Contains(t, indexOf(t, dir), "seats one")
	second := emptySite(t, dir, "two")
	require.NoError(t, second.Close())
	require.NoError(t, second.Drop(), "after Close it does nothing")
	require.Contains(t, indexOf(t, dir), "seats two")
	require.Len(t, must.Have(os.ReadDir(filepath.Dir(dir)))(t), 1)
}

// Two at once would take each other's pages away.
func TestOnlyOneWritesASite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pages")
	first := emptySite(t, dir, "one")
	must.Fail(t, must.Err(pages.Create(dir, pages.Head{})), fail.Store, "another `seats report --html` writes "+dir)
	require.NoError(t, first.Close())
	second := emptySite(t, dir, "two")
	require.NoError(t, first.Drop(), "it has nothing to throw away any more")
	require.NoError(t, second.Close())
	require.Contains(t, indexOf(t, dir), "seats two")
}

// A run that is killed between its two renames leaves the older site under another name.
func TestTheOlderSiteComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pages")
	require.NoError(t, emptySite(t, dir, "one").Close())
	require.NoError(t, os.Rename(dir, filepath.Join(filepath.Dir(dir), ".pages.seats-old")))
	require.NoError(t, emptySite(t, dir, "two").Drop())
	require.Contains(t, indexOf(t, dir), "seats one")
}
