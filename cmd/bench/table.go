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
type table struct {
	rows   []row
	remark string // on the machine
	log    io.Writer
}

func (t *table) add(r row) {
	t.rows = append(t.rows, r)
	fmt.Fprintf(t.log, "bench: %s: %s (%s)\n", r.what, r.value, r.times)
}

// compare adds the ratio of two medians.
func (t *table) compare(what, target, size string, ours, theirs sample) {
	t.add(row{what: what, value: fmt.Sprintf("%.2f", ratio(ours.took, theirs.took)), target: target,
		times: seconds(ours.took) + " ÷ " + seconds(theirs.took), size: size, memory: ours.memory})
}

// compareCPU adds the ratio of two processor times: it holds where something else keeps the machine busy, too.
func (t *table) compareCPU(what, target, size string, ours, theirs time.Duration) {
	t.add(row{what: what, value: fmt.Sprintf("%.2f", ratio(ours, theirs)), target: target,
		times: seconds(ours) + " ÷ " + seconds(theirs), size: size})
}

// write prints the table as Markdown.
func (t *table) write(w io.Writer, name string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "`make bench SIZE=%s` on %d cores, %s, %s%s:\n\n", name, runtime.NumCPU(), processor(), runtime.Version(), t.remark)
	b.WriteString("| what | measured | target | times | size | peak memory |\n|---|---:|---:|---|---|---:|\n")
	for _, r := range t.rows {
		memory := ""
		if r.memory > 0 {
			memory = megabytes(r.memory)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.value, r.target, r.times, r.size, memory)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes/1e6) }

// count writes a number as people say it: 100 k, 1.25 M.
func count(n int64) string {
	switch {
	case n >= 1_000_000:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", float64(n)/1e6), "0"), ".") + " M"
	case n >= 1_000:
		return fmt.Sprintf("%d k", n/1_000)
	}
	return fmt.Sprint(n)
}
