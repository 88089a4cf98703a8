package delta_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"example.com/seats/internal/delta"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/plain"
)

const folder = "lake/session"

var (
	spec = delta.Spec{
		Name: "session", Comment: "what was read", Partition: []string{"month", "bucket"}, Properties: map[string]string{"delta.logRetentionDuration": "interval 30 days"},
		Columns: []delta.Column{
			{Name: "tenant", Type: "VARCHAR", Comment: "who"}, {Name: "month", Type: "VARCHAR"}, {Name: "bucket", Type: "SMALLINT"},
			{Name: "start_at", Type: "TIMESTAMP WITH TIME ZONE"}, {Name: "names", Type: "VARCHAR[]"}, {Name: "share", Type: "DECIMAL(9,3)"},
		},
	}
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// each runs a test in a folder, and in a bucket.
func each(t *testing.T, test func(t *testing.T, files delta.Files)) {
	t.Run("folder", func(t *testing.T) { test(t, open(t, filepath.Join(t.TempDir(), "all"), plain.Access{})) })
	t.Run("bucket", func(t *testing.T) {
		backend := s3mem.New()
		require.NoError(t, backend.CreateBucket("lakes"))
		server := httptest.NewServer(gofakes3.New(backend).Server())
		t.Cleanup(server.Close)
		t.Setenv("AWS_ENDPOINT_URL", server.URL)
		t.Setenv("AWS_REGION", "us-east-1")
		t.Setenv("AWS_ACCESS_KEY_ID", "key")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
		test(t, open(t, "s3://lakes/of/all", plain.Access{}))
	})
}

func open(t *testing.T, where string, access plain.Access) delta.Files {
	files := must.Have(delta.Open(t.Context(), where, t.TempDir(), access))(t)
	t.Cleanup(func() { require.NoError(t, files.Close()) })
	return files
}

func load(t *testing.T, files delta.Files) *delta.Table {
	return must.Have(delta.Load(t.Context(), files, folder))(t)
}

// put brings a file of data into the table's folder, which no version names yet.
func put(t *testing.T, files delta.Files, name string) delta.File {
	from := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(from, []byte(name), 0o644))
	require.NoError(t, files.Put(t.Context(), folder+"/"+name, from))
	return delta.File{
		Path: name, Partition: map[string]string{"month": "2026-03", "bucket": ""}, Bytes: 4, Rows: 7, Modified: noon,
		Stats: json.RawMessage(`{"numRecords":7,"minValues":{"tenant":"ü\""}}`), Tags: map[string]string{"made_of": "ü"},
	}
}

func commit(t *testing.T, table *delta.Table, add, remove []delta.File) {
	require.NoError(t, table.Commit(t.Context(), spec, "EXPORT", add, remove, time.Now()))
}

func has(t *testing.T, files delta.Files, name string) bool {
	_, err := files.Read(t.Context(), folder+"/"+name)
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return err == nil
}

func TestATableIsReadAsItWasWritten(t *testing.T) {
	each(t, func(t *testing.T, files delta.Files) {
		table := load(t, files)
		require.EqualValues(t, -1, table.Version)
		require.NoError(t, table.Expire(t.Context(), time.Now()))
		a, b, c := put(t, files, "month=2026-03/a.parquet"), put(t, files, "b.parquet"), put(t, files, "c.parquet")
		commit(t, table, []delta.File{b, a}, nil)
		commit(t, table, []delta.File{c}, []delta.File{b})
		require.Equal(t, []delta.File{c, a}, table.Files)
		require.Equal(t, table, load(t, files))
		want := spec
		want.Columns = nil
		require.Equal(t, want, table.Spec)
		log := string(must.Have(files.Read(t.Context(), folder+"/_delta_log/00000000000000000001.json"))(t))
		require.NotContains(t, log, "metaData", "it is as it was")
		file, done, err := files.Local(t.Context(), folder+"/"+a.Path)
		require.NoError(t, err)
		require.Equal(t, a.Path, string(must.Have(os.ReadFile(file))(t)))
		done()
	})
}

// Of writers that begin with the same version, one writes the next.
func TestAVersionIsOneWriters(t *testing.T) {
	each(t, func(t *testing.T, files delta.Files) {
		const writers = 8
		tables, errs := make([]*delta.Table, writers), make([]error, writers)
		for i := range tables {
			tables[i] = load(t, files)
		}
		var all sync.WaitGroup
		for i, table := range tables {
			f := delta.File{Path: fmt.Sprint(i), Modified: noon}
			all.Go(func() { errs[i] = table.Commit(t.Context(), spec, "EXPORT", []delta.File{f}, nil, noon) })
		}
		all.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				require.Equal(t, tables[i].Files, load(t, files).Files)
				continue
			}
			require.ErrorIs(t, err, delta.ErrConflict)
			require.EqualValues(t, -1, tables[i].Version)
		}
		require.Equal(t, 1, won)
	})
}

func TestWhatAKilledWriterLeftGoesWhenItIsOld(t *testing.T) {
	each(t, func(t *testing.T, files delta.Files) {
		table := load(t, files)
		a := put(t, files, "a.parquet")
		commit(t, table, []delta.File{a}, nil)
		put(t, files, "orphan.parquet")
		require.Equal(t, []delta.File{a}, load(t, files).Files)
		require.NoError(t, table.Expire(t.Context(), time.Now().Add(-time.Hour)))
		require.True(t, has(t, files, "orphan.parquet"))
		require.NoError(t, table.Expire(t.Context(), time.Now().Add(time.Hour)))
		require.False(t, has(t, files, "orphan.parquet"))
		require.True(t, has(t, files, "a.parquet"))
	})
}

// A file is old, but was the table's until now.
func TestWhatOthersMayStillReadIsKept(t *testing.T) {
	dir := t.TempDir()
	files := open(t, dir, plain.Access{})
	table := load(t, files)
	a := put(t, files, "a.parquet")
	long := time.Now().Add(-48 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(dir, folder, "a.parquet"), long, long))
	commit(t, table, []delta.File{a}, nil)
	commit(t, table, nil, []delta.File{a})
	require.NoError(t, table.Expire(t.Context(), time.Now().Add(-24*time.Hour)))
	require.True(t, has(t, files, "a.parquet"))
	require.NoError(t, table.Expire(t.Context(), time.Now().Add(time.Hour)))
	require.False(t, has(t, files, "a.parquet"))
}

func TestACheckpointSaysWhatTheLogSaid(t *testing.T) {
	each(t, func(t *testing.T, files delta.Files) {
		table := load(t, files)
		var last []delta.File
		for n := range 12 {
			now := []delta.File{put(t, files, fmt.Sprintf("%d.parquet", n))}
			commit(t, table, now, last)
			last = now
		}
		long := time.Now().Add(-time.Hour)
		before := load(t, files)
		require.NoError(t, table.Expire(t.Context(), long))
		require.True(t, has(t, files, "_delta_log/00000000000000000011.checkpoint.parquet"))
		require.True(t, has(t, files, "_delta_log/00000000000000000000.json"), "who reads an older version")
		require.True(t, has(t, files, "0.parquet"))
		require.Equal(t, before.Files, load(t, files).Files)

		// What only the checkpoint says by now is kept by it: whom has gone, too.
		require.NoError(t, files.Remove(t.Context(), folder+"/_delta_log/00000000000000000011.json"))
		table = load(t, files)
		require.Equal(t, before.Spec, table.Spec)
		commit(t, table, nil, nil)
		log := string(must.Have(files.Read(t.Context(), folder+"/_delta_log/00000000000000000012.json"))(t))
		require.NotContains(t, log, "metaData", "it is as it was")
		require.NoError(t, table.Expire(t.Context(), long))
		require.True(t, has(t, files, "0.parquet"))

		require.NoError(t, table.Expire(t.Context(), time.Now().Add(time.Hour)))
		var names []string
		for _, f := range must.Have(files.List(t.Context(), folder))(t) {
			names = append(names, strings.TrimPrefix(f.Name, folder+"/"))
		}
		require.Equal(t, []string{
			"11.parquet", "_delta_log/00000000000000000012.checkpoint.parquet", "_delta_log/00000000000000000012.json", "_delta_log/_last_checkpoint",
		}, names)
		require.Equal(t, before.Files, load(t, files).Files)
		require.JSONEq(t, `{"version": 12, "size": 3}`, string(must.Have(files.Read(t.Context(), folder+"/_delta_log/_last_checkpoint"))(t)))
	})
}

func TestATableOfOthersIsRefused(t *testing.T) {
	files := open(t, t.TempDir(), plain.Access{})
	const log = folder + "/_delta_log/00000000000000000000.json"
	for text, want := range map[string]string{
		`{"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"]}}`: "protocol 3/7",
		`{"add": {"path": "a%20b.parquet"}}`: "no quoting",
		`{`:                                  "read version 0",
	} {
		require.NoError(t, files.Remove(t.Context(), log))
		require.NoError(t, files.Create(t.Context(), log, []byte(text)))
		require.ErrorContains(t, must.Err(delta.Load(t.Context(), files, folder)), want)
	}
	require.NoError(t, files.Remove(t.Context(), log))
	table := load(t, files)
	bad := spec
	bad.Columns = []delta.Column{{Name: "a", Type: "HUGEINT"}}
	require.ErrorContains(t, table.Commit(t.Context(), bad, "EXPORT", nil, nil, noon), "HUGEINT")
	both := []delta.File{{Path: "a"}}
	require.ErrorContains(t, table.Commit(t.Context(), spec, "EXPORT", both, both, noon), "come and go")
	require.ErrorContains(t, table.Commit(t.Context(), spec, "EXPORT", []delta.File{{Path: "a b"}}, nil, noon), "no quoting")
	require.Empty(t, must.Have(files.List(t.Context(), folder))(t))
	for _, where := range []string{"gs://lake/a", "s3://", "/dev/null/a"} {
		require.Equal(t, fail.Usage, fail.CodeOf(must.Err(delta.Open(t.Context(), where, "", plain.Access{}))), where)
	}
}

func TestFilesAreThoseOfWhomAccessNames(t *testing.T) {
	for _, test := range []struct {
		access       plain.Access
		file, folder fs.FileMode
	}{
		{plain.Access{}, 0o600, fs.ModeDir | 0o700},
		{plain.Access{OutputMode: 0o640}, 0o640, fs.ModeDir | 0o750},
	} {
		dir := filepath.Join(t.TempDir(), "all")
		files := open(t, dir, test.access)
		commit(t, load(t, files), []delta.File{put(t, files, "month=2026-03/a.parquet")}, nil)
		require.NoError(t, files.Create(t.Context(), "README.md", nil), "in no folder of its own")
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			want := test.file
			if d.IsDir() {
				want = test.folder
			}
			require.Equal(t, want, must.Have(d.Info())(t).Mode(), path)
			return err
		}))
	}
}

func TestNoLinkIsFollowed(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	files := open(t, dir, plain.Access{})
	commit(t, load(t, files), []delta.File{put(t, files, "a.parquet")}, nil)
	for _, to := range []string{other, "lake"} {
		link := filepath.Join(dir, "link")
		require.NoError(t, os.Symlink(to, link))
		require.Error(t, files.Create(t.Context(), "link/a", nil))
		require.ErrorContains(t, must.Err(files.Read(t.Context(), "link/session/a.parquet")), link)
		_, _, err := files.Local(t.Context(), "link/session/a.parquet")
		require.ErrorContains(t, err, link)
		require.Empty(t, must.Have(os.ReadDir(other))(t))
		require.NoError(t, os.Remove(link))
	}
	require.NoError(t, os.Symlink("a.parquet", filepath.Join(dir, folder, "b.parquet")))
	require.ErrorContains(t, must.Err(files.Read(t.Context(), folder+"/b.parquet")), "it is no plain file")
	require.ErrorIs(t, files.Create(t.Context(), folder+"/b.parquet", nil), fs.ErrExist)
}
