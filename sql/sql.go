// Package sql holds the SQL texts of the program and hands them out by name.
//
// The folders say who asks: gim the Genesys Info Mart (PostgreSQL), slice who cuts a slice out of staged rows, count who counts,
// store who keeps the tenant's file, ask who explains, shows, audits and watches, lake who exports, sink who fills a PostgreSQL. A file holds the statements
// that belong together, each under a line `-- name: peak` by which it is known as "count/peak"; a file without such lines is one
// script and has its own name. Texts are constant but for those named each_..., into which Fill puts a table's names, and those
// of gim, into which InSchema puts the schema of theirs; values are bound, never spliced.
package sql

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed gim slice count store ask lake fleet sink
var files embed.FS

// statements are all texts by name, and their names in the order of files and of statements in them.
var statements = sync.OnceValue(func() (s struct {
	texts map[string]string
	names []string
}) {
	s.texts = map[string]string{}
	var findings []string                 // of data quality
	paths, _ := fs.Glob(files, "*/*.sql") // the pattern is a good one
	for _, file := range paths {
		all, err := files.ReadFile(file)
		if err != nil {
			panic(err)
		}
		name := strings.TrimSuffix(file, ".sql")
		for i, part := range strings.Split("\n"+string(all), "\n-- name: ") {
			if i > 0 {
				statement, text, _ := strings.Cut(part, "\n")
				name, part = path.Dir(file)+"/"+statement, text
			}
			if part = strings.Trim(part, "\n"); part == "" {
				continue
			}
			if _, twice := s.texts[name]; twice {
				panic(fmt.Sprintf("sql: two statements %q", name))
			}
			s.texts[name] = part + "\n"
			s.names = append(s.names, name)
			if strings.HasPrefix(name, "count/quality_") {
				findings = append(findings, part+"\n")
			}
		}
	}
	s.texts["count/data_quality"] = fill("count/data_quality", s.texts["count/data_quality"], nil, findings)
	return s
})

// Text returns a statement, for instance "count/peak". A name that does not exist is a mistake in the program, so it panics.
func Text(name string) string {
	text, found := statements().texts[name]
	if !found {
		panic(fmt.Sprintf("sql: no statement %q", name))
	}
	return text
}

// Names lists the statements of a folder whose names begin as said: Names("count/quality_").
func Names(prefix string) []string {
	return slices.DeleteFunc(slices.Clone(statements().names), func(name string) bool { return !strings.HasPrefix(name, prefix) })
}

// Identity tells statements from others: a hash over names and texts, without comments and white space.
func Identity(names []string) string {
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%s\x00%s\x00", name, strings.Join(strings.Fields(comment.ReplaceAllString(Text(name), "")), " "))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// comment is one to the end of its line: no text in the statements has two hyphens.
var comment = regexp.MustCompile(`--.*`)
