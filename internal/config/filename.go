package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/seats/internal/calendar"
)

// FileName is how data files are named: text, and fields. The zero FileName is that of a configuration that says nothing.
type FileName struct{ parts []namePart }

// namePart is text as it stands, or a field, whose text is the layout that its time is written in; "": the field's own.
type namePart struct{ field, text string }

// Named is what a file is named after.
type Named struct {
	Tenant, Account, Region string
	Measure                 string // concurrent or enabled
	Period                  string // 2026-03-10, or 2026-03
	Issued                  time.Time
	Revision                int // from 1
}

var defaultFileName, _ = parseFileName("CNT_{region}_PES_{metric}_{tenant}_{period}{revision}.csv")

const issuedLayout = "20060102150405"

var (
	aNamePart    = regexp.MustCompile(`^(?:([A-Za-z0-9_.-]+)|\{(region|metric|tenant|account|measure|period|issued|revision)\}|\{(period|issued):((?:2006|0[1-5]|15|[-_.TZ])+)\})`)
	notDataFiles = regexp.MustCompile(`(?i)^[.-]|\.(json|minisig|age|tmp|html)$`)
	anyDigit     = regexp.MustCompile("[0-9]")
)

// parseFileName reads a template; the error says what is wrong with it.
func parseFileName(template string) (f FileName, err error) {
	for rest := template; rest != ""; {
		found := aNamePart.FindStringSubmatch(rest)
		if found == nil || found[1] == "" && f.Has(found[2]+found[3]) {
			return FileName{}, fmt.Errorf("cannot be used from %q on: it may hold letters, digits, _ - . and, each once, {region} {metric} {tenant} {account} {measure} "+
				"{period} {issued} {revision}; times with a layout too, as {issued:20060102150405}", rest)
		}
		f.parts, rest = append(f.parts, namePart{found[2] + found[3], found[1] + found[4]}), rest[len(found[0]):]
	}
	return f, nil
}

// Has tells whether names hold a field.
func (f FileName) Has(field string) bool {
	return slices.ContainsFunc(f.parts, func(p namePart) bool { return p.field == field })
}

// Stamped tells whether names hold the second of issue, so that no two files need to have the same.
func (f FileName) Stamped() bool {
	return slices.ContainsFunc(f.parts, func(p namePart) bool {
		lacks := func(unit string) bool { return !strings.Contains(cmp.Or(p.text, issuedLayout), unit) }
		return p.field == "issued" && !slices.ContainsFunc([]string{"2006", "01", "02", "15", "04", "05"}, lacks)
	})
}

func (f FileName) orDefault() []namePart {
	if f.parts == nil {
		return defaultFileName.parts
	}
	return f.parts
}

// Of is the name of a file.
func (f FileName) Of(n Named) string {
	var name strings.Builder
	for _, p := range f.orDefault() {
		name.WriteString(p.of(n))
	}
	return name.String()
}

func (p namePart) of(n Named) string {
	switch {
	case p.field == "":
		return p.text
	case p.field == "period" && p.text != "":
		last, _ := calendar.LastOf(n.Period) // a month is written as its last day
		return time.Date(last.Year, last.Month, last.Day, 0, 0, 0, 0, time.UTC).Format(p.text)
	case p.field == "issued":
		return n.Issued.UTC().Format(cmp.Or(p.text, issuedLayout))
	case p.field == "revision" && n.Revision > 1:
		return "_R" + strconv.Itoa(n.Revision)
	}
	return map[string]string{"region": n.Region, "metric": "SEATS_OUTBOUND", "tenant": n.Tenant, "account": n.Account,
		"measure": strings.ToUpper(n.Measure), "period": strings.ReplaceAll(n.Period, "-", "")}[p.field]
}

// Read takes the name of a file apart, of which n says what is known; it is false where the name cannot be that of such a file. What n
// leaves empty may be anything; Revision then comes from the name, 0 where names do not tell, and Period, where it is in plain digits.
func (f FileName) Read(name string, n Named) (Named, bool) {
	pattern := ""
	for _, p := range f.orDefault() {
		layout := regexp.QuoteMeta(cmp.Or(p.text, issuedLayout))
		switch is := p.of(n); {
		case p.field == "issued" && n.Issued.IsZero(), p.field == "period" && n.Period == "" && p.text != "":
			pattern += anyDigit.ReplaceAllString(layout, "[0-9]")
		case p.field == "period" && n.Period == "":
			pattern += "(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})?"
		case p.field == "revision" && n.Revision == 0:
			pattern += "(?P<revision>_R(?:[2-9]|[1-9][0-9]+))?"
		case p.field == "measure" && is == "":
			pattern += "(?:CONCURRENT|ENABLED)"
		case p.field != "revision" && is == "":
			pattern += "[A-Za-z0-9][A-Za-z0-9_-]*"
		default:
			pattern += regexp.QuoteMeta(is)
		}
	}
	parts := regexp.MustCompile("^" + pattern + "$")
	found := parts.FindStringSubmatch(name)
	for i, part := range parts.SubexpNames()[:len(found)] {
		if part == "revision" {
			n.Revision, _ = strconv.Atoi(cmp.Or(strings.TrimPrefix(found[i], "_R"), "1"))
		} else if part != "" && found[i] != "" { // year, month, day
			n.Period = strings.TrimPrefix(n.Period+"-"+found[i], "-")
		}
	}
	return n, found != nil
}

// fileName reads the template of the names of data files.
func (v value) fileName() FileName {
	text, _ := v.text()
	f, err := parseFileName(text)
	if err != nil {
		v.problem(err.Error(), "")
	}
	return f
}

// tellApart reports two files of the tenants that would have the same name, and a name that leaves no room for what manifests and
// signatures beside it are called.
func (v value) tellApart(tenants []Tenant) {
	const longest = 200 // bytes
	samples := map[string][]string{"daily": {"2026-03-30", "2026-03-31", "2026-04-30", "2027-03-31"}, "monthly": {"2026-03", "2026-04", "2027-03"}}
	names := map[string]Named{}
	for _, t := range tenants {
		for _, r := range t.Regions {
			n := Named{Tenant: t.Name, Account: t.Account, Region: r.Name, Issued: time.Unix(0, 0)}
			for _, measure := range slices.Compact(slices.Sorted(slices.Values(t.Issued()))) {
				often, what, _ := strings.Cut(measure, "_")
				for i, period := range append(samples[often], samples[often]...) {
					n.Measure, n.Period, n.Revision = what, period, 1+i/len(samples[often])
					n.Issued = n.Issued.Add(time.Second) // a tenant's files have a second each, where names hold it
					name := t.FileName.Of(n)
					was, taken := names[strings.ToLower(name)]
					switch names[strings.ToLower(name)] = n; {
					case taken:
						v.problem(fmt.Sprintf("gives one name to two files, %s: %s, and %s", name, was, n), "tenants and regions are told apart by {tenant}, or "+
							"an {account} of its own for each, and {region}; all else by {measure} {period} {revision}, or {issued} to the second")
						return
					case len(name) > longest, notDataFiles.MatchString(name):
						v.problem("gives the name "+name, fmt.Sprintf("one of %d bytes at most, that does not begin with . or -, nor end as manifests, signatures, "+
							"pages and unfinished files do: .json .minisig .age .tmp .html", longest))
						return
					}
				}
			}
		}
	}
}

func (n Named) String() string {
	return fmt.Sprintf("%s %s %s %s revision %d", n.Tenant, n.Region, n.Measure, n.Period, n.Revision)
}
