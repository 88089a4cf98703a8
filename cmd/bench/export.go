package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// exportedTo writes a GIM as its data export would, an increment a night, and the configuration of a tenant that reads it.
func (s *site) exportedTo(name string, gim days, more ...string) (config string) {
	say("exporting %d days of %s sessions %v", gim.days, count(gim.sessions), more)
	config = s.configureWith(name, `export_dir: "exports"`, mainTenant)
	dir := filepath.Join(filepath.Dir(config), "exports")
	check(os.RemoveAll(dir))
	must(child(s.ctx, s.Gimsim, slices.Concat([]string{"export", "--dir", dir, "--increments", strconv.Itoa(gim.days + 1)}, gim.simulation(), more)...))
	check(asOfTheirNights(dir))
	return config
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
func (s *site) sliceHash(config string) string {
	return string(must(child(s.ctx, s.Seats, "--config", config, "sql", "--tenant", mainTenant, "--format", "csv",
		fmt.Sprintf("select sha256 from _data.slice where day = '%s'", day))).stdout)
}
