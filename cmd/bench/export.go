package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// exports holds a nightly run on a folder of exports, one chunk a night, against the same run on the GIM DB that they were
// made of. Numbers and slices have to be the same.
func (b *bench) exports(ctx context.Context) error {
	run := func(config string) measurement {
		return b.runFresh(ctx, config, "run", "--date", day, "--refresh", "--format", "json")
	}
	folders, err := b.exportedTo(ctx, "export", b.main())
	if err != nil {
		return err
	}
	zips, err := b.exportedTo(ctx, "export-zip", b.main(), "--zip")
	if err != nil {
		return err
	}
	taken, err := alternate(b.size.rounds, run(b.config), run(folders), run(zips))
	if err != nil {
		return err
	}
	want, err := b.sliceHash(ctx, b.config)
	if err != nil {
		return err
	}
	for i, config := range []string{folders, zips} {
		hash, err := b.sliceHash(ctx, config)
		if err != nil {
			return err
		}
		if hash != want || !bytes.Equal(taken[i+1].stdout, taken[0].stdout) {
			return fmt.Errorf("the export gives slice %s and %s, the GIM DB %s and %s", hash, taken[i+1].stdout, want, taken[0].stdout)
		}
	}
	b.compare("whole `seats run`: a folder of exports ÷ the GIM DB", "≤ 1.2", b.sessions, taken[1], taken[0])
	b.compareCPU("all processor time: on exports ÷ on the GIM DB, with the server's", "≤ 1.2", b.sessions, taken[1].cpu, taken[0].cpu+taken[0].server)
	b.compare("whole `seats run`: a folder of zips ÷ the GIM DB", "", b.sessions, taken[2], taken[0])
	return nil
}

// exportedTo writes a GIM as its data export would, an increment a night, and the configuration of a tenant that reads it.
func (s *site) exportedTo(ctx context.Context, name string, gim days, more ...string) (string, error) {
	fmt.Fprintf(s.log, "bench: exporting %d days of %s sessions %v\n", gim.days, count(int64(gim.sessions)), more)
	config, err := s.configureWith(name, fmt.Sprintf("export_dir: %q", "exports"), mainTenant)
	if err != nil {
		return "", err
	}
	shape, err := gim.simulation()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(filepath.Dir(config), "exports")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	_, err = child(ctx, nil, "", s.gimsim, append(append([]string{"export", "--dir", dir, "--increments", strconv.Itoa(gim.days + 1)}, shape...), more...)...)
	if err != nil {
		return "", err
	}
	return config, asOfTheirNights(dir)
}

// asOfTheirNights gives the files of each chunk the time of its name, at which an export job would have written them.
func asOfTheirNights(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(path), ".zip")
		if chunk := filepath.Dir(path); chunk != dir {
			name = filepath.Base(chunk)
		}
		at, err := time.Parse("2006_01_02_15_04_05", name[max(0, len(name)-len("2006_01_02_15_04_05")):])
		if err != nil {
			return err
		}
		return os.Chtimes(path, at, at)
	})
}

// sliceHash is that of the measured day, over all its rows.
func (s *site) sliceHash(ctx context.Context, config string) (string, error) {
	printed, err := child(ctx, nil, "", s.seats, "--config", config, "sql", "--tenant", mainTenant, "--format", "csv",
		fmt.Sprintf("select sha256 from _data.slice where day = '%s'", day))
	return string(printed.stdout), err
}
