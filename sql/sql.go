// Package sql holds every SQL text of the program, one statement a file, and hands them out by name.
//
// The folders say who runs them: gim the Genesys Info Mart (PostgreSQL), stage, compute, draft, explain, watch and page the
// local DuckDB, audit, lake and pseudonym a scratch store beside the published one, store the schema of the tenant's file. Texts are
// constant but for those of the folders `each`, into which Fill puts a table's names, and those of gim, into which InSchema
// puts the schema of theirs; values are bound, never spliced.
package sql

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed ask gim stage compute draft explain audit fleet lake page pseudonym store watch
var files embed.FS

// Text returns the statement of a file, for instance "compute/occupied_session.sql". A name that does
// not exist is a mistake in the program, so it panics.
func Text(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("sql: no statement %q", name))
	}
	return string(b)
}

// Names lists the files of a folder and its folders, sorted.
func Names(folder string) []string {
	var names []string
	err := fs.WalkDir(files, folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".sql") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("sql: no folder %q", folder))
	}
	return names
}

// ComputeSHA256 identifies the counting SQL: the hash over every name and text of the folder compute.
// Manifests carry it, so that a number can be traced to the statements that gave it.
func ComputeSHA256() string {
	h := sha256.New()
	for _, name := range Names("compute") {
		fmt.Fprintf(h, "%s\x00%s\x00", name, Text(name))
	}
	return hex.EncodeToString(h.Sum(nil))
}
