package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
)

// row is one figure: what against what, how it came out, and what was hoped for.
type row struct {
	what, value, target string
	times               string // the two sides
	size                string
	memory              int64 // peak of seats, bytes; 0 where it says nothing
}

// table collects rows, and tells of each as it comes.
type table []row

func (t *table) add(r row) {
	*t = append(*t, r)
	say("%s: %s (%s)", r.what, r.value, r.times)
}

// compare adds the ratio of two medians.
func (t *table) compare(what, target, size string, ours, theirs sample) {
	t.add(ratio(what, target, size, ours.took, theirs.took, ours.memory))
}

// compareCPU adds the ratio of two processor times: it holds where something else keeps the machine busy, too.
func (t *table) compareCPU(what, target, size string, ours, theirs time.Duration) {
	t.add(ratio(what, target, size, ours, theirs, 0))
}

func ratio(what, target, size string, ours, theirs time.Duration, memory int64) row {
	return row{what, fmt.Sprintf("%.2f", float64(ours)/float64(theirs)), target, seconds(ours) + " ÷ " + seconds(theirs), size, memory}
}

// write prints the table as Markdown.
func (t table) write(w io.Writer, name, remark string) {
	fmt.Fprintf(w, "`make bench SIZE=%s` on %d cores, %s, %s%s:\n\n", name, runtime.NumCPU(), processor(), runtime.Version(), remark)
	fmt.Fprint(w, "| what | measured | target | times | size | peak memory |\n|---|---:|---:|---|---|---:|\n")
	for _, r := range t {
		memory := ""
		if r.memory > 0 {
			memory = megabytes(r.memory)
		}
		must(fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.value, r.target, r.times, r.size, memory))
	}
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes/1e6) }

// count writes a number as people say it: 100 k, 1.25 M.
func count[T int | int64](n T) string {
	switch {
	case n >= 1_000_000:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", float64(n)/1e6), "0"), ".") + " M"
	case n >= 1_000:
		return fmt.Sprintf("%d k", n/1_000)
	}
	return fmt.Sprint(n)
}
