package reconcile

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
	"seats/internal/plain"
	"seats/report"
)

// Key is what somebody has a number of. The measure is Concurrent or Enabled, and the period a day or a month: the most at once of
// a month is its highest second, and a day has its enabled agents, too.
type Key struct {
	Tenant string
	report.Series
}

// isMonth tells a month from a day.
func (k Key) isMonth() bool { return len(k.Period) == len("2006-01") }

// Theirs are the numbers of another counter.
type Theirs struct {
	Columns []config.Column // which may give the fields of a data file other names
	Tenants []config.Tenant // one of whom a row is of: it has to say so, unless there is one alone
	Numbers map[Key]int64
	Newer   map[string]string // a file of which some number was left, and the newer one that has it too
	Passed  int               // data files of other metrics in folders, which are passed over

	from map[Key]origin
}

// origin is where a number stands, and when its file was made, by its name: what sorts later is newer.
type origin struct{ path, line, stamp string }

// Read takes files, folders, in which it looks for *.csv at any depth, and patterns.
func (t *Theirs) Read(paths []string) error {
	t.Numbers, t.Newer, t.from = map[Key]int64{}, map[string]string{}, map[Key]origin{}
	for _, path := range paths {
		files, err := t.files(path)
		for _, file := range files {
			err = cmp.Or(err, t.file(file))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Theirs) files(path string) (files []string, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return []string{path}, nil
	case err != nil:
		if files, _ = filepath.Glob(path); len(files) == 0 {
			return nil, fail.New(fail.Source, "", "their numbers: %w", err)
		}
		return files, nil
	}
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		upper := strings.ToUpper(entry.Name())
		switch {
		case err != nil || entry.IsDir() || !strings.HasSuffix(upper, ".CSV"):
		case strings.HasPrefix(upper, "CNT_") && !strings.Contains(upper, "_PES_SEATS_OUTBOUND_"):
			t.Passed++
		default:
			files = append(files, name)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = errors.New("no *.csv of seats_outbound is in it")
	}
	if err != nil {
		err = fail.New(fail.Source, "", "their numbers: folder %s: %w", path, err)
	}
	return files, err
}

// Of gives the numbers of a tenant, of one region where that is not empty, and the months whose rows they ask for: their own, and
// those whose days touch them.
func (t *Theirs) Of(tenant, region string) (numbers map[Key]int64, months map[calendar.Month]bool) {
	numbers, months = maps.Clone(t.Numbers), map[calendar.Month]bool{}
	maps.DeleteFunc(numbers, func(k Key, _ int64) bool { return k.Tenant != tenant || region != "" && k.Region != region })
	for key := range numbers {
		month, _ := calendar.ParseMonth(key.Period[:len("2006-01")]) // a period is one or begins with one
		for _, day := range []calendar.Date{month.First().AddDays(-1), month.First(), month.Last().AddDays(1)} {
			months[day.YearMonth()] = true
		}
	}
	return numbers, months
}

// fields are the columns that are read, by the names of data files and of a list of what was invoiced.
var fields = map[string]string{
	"TenantID": "tenant", "Region": "region", "MetricName": "metric", "Period": "period", "AgentGroupName": "measure", "MessageSize": "quantity",
}

// columns finds the fields in a header.
func (t *Theirs) columns(header []string) map[string]int {
	at := map[string]int{}
	for field, short := range fields {
		names := []string{field, short}
		for _, c := range t.Columns {
			if !c.Constant && cmp.Or(c.Field, c.Name) == field {
				names = append(names, c.Name)
			}
		}
		for i, name := range header {
			named := func(n string) bool { return strings.EqualFold(n, strings.TrimSpace(name)) }
			if _, twice := at[field]; !twice && slices.ContainsFunc(names, named) {
				at[field] = i
			}
		}
	}
	return at
}

var (
	regionOfName = regexp.MustCompile(`(?i)^CNT_(.+?)_PES_`)
	stampOfName  = regexp.MustCompile(`(?i)_([0-9]{6,14})Z?(?:_R([0-9]+))?\.csv$`)
)

func (t *Theirs) file(path string) error {
	text, err := plain.Read(path)
	if err != nil {
		return fail.New(fail.Source, "", "their numbers: %w", err)
	}
	from := origin{path: path}
	if m := stampOfName.FindStringSubmatch(filepath.Base(path)); m != nil {
		from.stamp = fmt.Sprintf("%-014s %4s", m[1], m[2])
	}
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	if head, _, _ := bytes.Cut(text, []byte("\n")); bytes.IndexByte(head, ',') < 0 {
		in.Comma = map[bool]rune{true: ';', false: ','}[bytes.IndexByte(head, ';') >= 0] // as spreadsheets write it where the comma is the decimal one
	}
	header, err := in.Read()
	at := t.columns(header)
	for _, field := range []string{"Period", "MessageSize"} {
		if _, has := at[field]; !has && err == nil {
			return fail.New(fail.Source, "data files have TenantID, Region, MetricName, Period, AgentGroupName, MessageSize; invoices region, period, measure, quantity",
				"their numbers: %s:1: there is no column %s, nor %s", path, field, fields[field])
		}
	}
	var row []string
	for err == nil {
		if row, err = in.Read(); err == nil {
			line, _ := in.FieldPos(0)
			from.line = fmt.Sprintf("%s:%d", path, line)
			err = t.row(from, func(field string) (string, bool) {
				i, has := at[field]
				if !has {
					return "", false
				}
				return strings.TrimSpace(row[i]), true
			})
		}
	}
	if broken, is := errors.AsType[*csv.ParseError](err); is {
		return fail.New(fail.Source, "", "their numbers: %s:%d: %w", path, broken.Line, broken.Err)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// row takes a number that is newer than what there is.
func (t *Theirs) row(from origin, field func(string) (string, bool)) error {
	wrong := func(format string, args ...any) error {
		return fail.New(fail.Source, "", "their numbers: %s: %w", from.line, fmt.Errorf(format, args...))
	}
	if metric, has := field("MetricName"); has && !strings.EqualFold(metric, "seats_outbound") {
		return wrong("the metric is %q, not seats_outbound", metric)
	}
	id, _ := field("TenantID")
	region, _ := field("Region")
	if m := regionOfName.FindStringSubmatch(filepath.Base(from.path)); region == "" && m != nil {
		region = m[1]
	}
	period, _ := field("Period")
	measure, _ := field("AgentGroupName")
	quantity, _ := field("MessageSize")
	key, err := t.Key(id, region, measure, period)
	if err != nil {
		return wrong("%w", err)
	}
	value, err := strconv.ParseInt(quantity, 10, 64)
	if err != nil || value < 0 {
		return wrong("%q is no number of agents", quantity)
	}
	was, again := t.from[key]
	switch {
	case again && was.stamp == from.stamp && t.Numbers[key] != value:
		return wrong("%s of %s in %s is %d, and %d in %s, which is as new by its name", key.Measure, key.Region, key.Period, value, t.Numbers[key], was.line)
	case again && was.stamp >= from.stamp:
		if was.stamp > from.stamp {
			t.Newer[from.path] = was.path
		}
		return nil
	case again:
		t.Newer[was.path] = from.path
	}
	t.Numbers[key], t.from[key] = value, from
	return nil
}

// Key says what a number is of. Without a measure, days have the most at once and months the enabled agents, as the specification
// has it.
func (t *Theirs) Key(id, region, measure, period string) (k Key, err error) {
	at := slices.IndexFunc(t.Tenants, func(one config.Tenant) bool { return one.Name == id })
	if id == "" && len(t.Tenants) == 1 {
		at = 0
	}
	switch {
	case at < 0 && id == "":
		return k, errors.New("it does not say of which tenant: give --tenant")
	case at < 0:
		return k, fmt.Errorf("tenant %q is not asked for: %s", id, listed(t.Tenants, func(one config.Tenant) string { return one.Name }))
	}
	name := func(r config.Region) string { return r.Name }
	if !slices.ContainsFunc(t.Tenants[at].Regions, func(r config.Region) bool { return r.Name == region }) {
		return k, fmt.Errorf("tenant %s has no region %q: %s", t.Tenants[at].Name, region, listed(t.Tenants[at].Regions, name))
	}
	k = Key{t.Tenants[at].Name, report.Series{Region: region}}
	for layout, canonical := range map[string]string{time.DateOnly: time.DateOnly, "20060102": time.DateOnly, "2006-01": "2006-01", "200601": "2006-01"} {
		if read, err := time.Parse(layout, period); err == nil {
			k.Period = read.Format(canonical)
		}
	}
	if k.Period == "" {
		return k, fmt.Errorf("period %q: want a day as 2026-03-10 or 20260310, or a month as 2026-03", period)
	}
	of := map[bool]string{true: "monthly_", false: "daily_"}[k.isMonth()]
	switch strings.TrimPrefix(strings.ToLower(measure), of) {
	case "1", string(report.Concurrent):
		k.Measure = report.Concurrent
	case "2", string(report.Enabled):
		k.Measure = report.Enabled
	case "":
		k.Measure = map[bool]report.Measure{true: report.Enabled, false: report.Concurrent}[k.isMonth()]
	default:
		return k, fmt.Errorf("measure %q of %s: want concurrent (1) or enabled (2)", measure, k.Period)
	}
	return k, nil
}

func listed[T any](of []T, name func(T) string) string {
	names := map[string]bool{}
	for _, one := range of {
		names[name(one)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}
