package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"

	"example.com/seats/cmd/seats/audit"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/watch"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/notices"
	"example.com/seats/internal/store"
)

// listFlags are common to the commands that print a table about tenants.
type listFlags struct {
	Tenant []string `help:"Only this tenant; may be repeated." placeholder:"T"`
	Format string   `help:"What is printed: ${enum}." enum:"table,json,csv" default:"table"`
}

// shardFlags split the tenants among several processes, on as many machines as there are.
type shardFlags struct {
	Shard  string `help:"Only the tenants of shard I of N, from 1." placeholder:"I/N"`
	Shards int    `help:"Only the tenants of one of N shards, which the environment variable JOB_COMPLETION_INDEX names, from 0." placeholder:"N"`
}

// shard is one of several parts that tenants are dealt out to. The zero value is of everything.
type shard struct {
	number, of int // from 1
}

// part reads the configuration with the tenants of the shard that the flags say, of those that are named.
func (f shardFlags) part(p *program, names []string) (*config.Config, error) {
	ours, err1 := f.shard(p.env, names)
	cfg, err2 := p.load(names)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	return only(cfg, ours.holds), nil
}

// shard is what the flags say; tenants are those that are named beside them.
func (f shardFlags) shard(env func(string) (string, bool), tenants []string) (s shard, err error) {
	switch {
	case len(tenants) > 0 && f != (shardFlags{}):
		return s, usageError("--tenant and --shard both say which tenants: give one of them")
	case f.Shard != "" && f.Shards != 0:
		return s, usageError("--shard and --shards are two ways to say one thing")
	case f.Shard != "":
		number, of, _ := strings.Cut(f.Shard, "/")
		s.number, _ = strconv.Atoi(number) // 0 of what is none
		s.of, err = strconv.Atoi(of)
		if err != nil || s.number < 1 || s.number > s.of {
			return s, usageError("--shard %s: want I/N, with I from 1 to N", f.Shard)
		}
	case f.Shards != 0:
		const completionIndex = "JOB_COMPLETION_INDEX" // by which an Indexed Job of Kubernetes tells its pods apart
		text, _ := env(completionIndex)
		index, err := strconv.Atoi(text)
		if err != nil || index < 0 || index >= f.Shards {
			return s, usageError("--shards %d: %s is %q, want 0 to %d", f.Shards, completionIndex, text, f.Shards-1)
		}
		s = shard{index + 1, f.Shards}
	}
	return s, nil
}

// holds tells whether a tenant is dealt to the shard, as every one is to that of everything. It goes to the one for which its weight is greatest, so that
// another number of shards moves few: of N+1 the new one takes its own from all others (rendezvous hashing).
func (s shard) holds(tenant string) bool {
	best, most := 0, uint64(0)
	for number := 1; number <= s.of; number++ {
		sum := sha256.Sum256([]byte(tenant + "\x00" + strconv.Itoa(number)))
		if w := binary.BigEndian.Uint64(sum[:]); best == 0 || w > most {
			best, most = number, w
		}
	}
	return best == s.number
}

// periodFlags choose the days of a command.
type periodFlags struct {
	Date  given `help:"One day; default ${default_period}." placeholder:"YYYY-MM-DD" xor:"period"`
	From  given `help:"First day of several, with --to." placeholder:"YYYY-MM-DD" and:"span" xor:"period,month"`
	To    given `help:"Last day of several." placeholder:"YYYY-MM-DD" and:"span"`
	Month given `help:"A calendar month, and its enabled agents." placeholder:"YYYY-MM" xor:"period"`
}

// given is a flag's text. An empty one, as an unset variable of a script gives it, is no text: it would silently mean the default.
type given string

// UnmarshalText refuses an empty text.
func (g *given) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("it is empty")
	}
	*g = given(text)
	return nil
}

// parsed is what the text of a flag says; the zero value where it is not given.
func parsed[T any](flag string, text string, parse func(string) (T, error)) (read T, err error) {
	if text == "" {
		return read, nil
	}
	if read, err = parse(text); err != nil {
		err = usageError("%s: %w", flag, err)
	}
	return read, err
}

type period struct {
	days    []calendar.Date
	months  []calendar.Month // whose enabled agents are wanted
	running bool             // the month asked for is not over yet
	cut     bool             // the tenant's last day came before the end
}

// resolve turns the flags into a tenant's days. Only days that have begun in the tenant's zone are covered.
func (f periodFlags) resolve(t config.Tenant, now time.Time) (p period, err error) {
	date, err1 := parsed("--date", string(f.Date), calendar.ParseDate)
	from, err2 := parsed("--from", string(f.From), calendar.ParseDate)
	to, err3 := parsed("--to", string(f.To), calendar.ParseDate)
	month, err4 := parsed("--month", string(f.Month), calendar.ParseMonth)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return p, err
	}
	today := calendar.DateOf(now, t.Zone)
	switch {
	case f.Month != "" && today.Before(month.First()):
		return p, usageError("%s has not begun yet", month)
	case f.Month != "": // every day of it that has begun; the month itself once it is over in every region
		p.days = slices.DeleteFunc(month.Days(), today.Before)
		p.running = slices.ContainsFunc(t.Regions, func(r config.Region) bool { return r.HoldsIn(month) && now.Unix() < r.LastIn(month).In(r.Zone).End })
		if !p.running {
			p.months = []calendar.Month{month}
		}
		return p, nil
	case f.Date != "":
		from, to = date, date
	case f.From == "":
		from = lastEnded(t, now)
		to = from
	case to.Before(from):
		return p, usageError("--to %s lies before --from %s", to, from)
	}
	if today.Before(to) {
		return p, usageError("%s has not begun yet", to)
	}
	return daysPeriod(from, to), nil
}

// daysPeriod covers days, and the months whose last day is among them; none where the first comes after the last.
func daysPeriod(from, to calendar.Date) (p period) {
	for d := from; !to.Before(d); d = d.AddDays(1) {
		p.days = append(p.days, d)
		if d == d.YearMonth().Last() {
			p.months = append(p.months, d.YearMonth())
		}
	}
	return p
}

// lastEnded is the newest day that has ended in every region of a tenant (R7).
func lastEnded(t config.Tenant, now time.Time) calendar.Date {
	day := calendar.DateOf(now, t.Zone)
	for now.Unix() < watch.End(t, day) || job.IsSkipped(t, day) {
		day = day.AddDays(-1)
	}
	return day
}

// periodOrAll is the days from the first to the last that the flags ask for; everything where they ask for nothing.
func (f periodFlags) periodOrAll(t config.Tenant, now time.Time) (audit.Period, error) {
	if f == (periodFlags{}) {
		return audit.Period{}, nil
	}
	p, err := f.resolve(t, now)
	if err != nil {
		return audit.Period{}, err
	}
	return audit.Period{From: p.days[0], To: p.days[len(p.days)-1]}, nil
}

// within leaves out the days after the tenant's last one, with which its last month is over, and among several those that no region has.
func (p period) within(t config.Tenant) period {
	asked := len(p.days)
	p.days = slices.DeleteFunc(p.days, t.EndedBefore)
	p.cut = len(p.days) < asked
	if len(p.days) > 1 {
		p.days = slices.DeleteFunc(p.days, func(d calendar.Date) bool { return job.IsSkipped(t, d) })
	}
	p.months = slices.DeleteFunc(p.months, func(m calendar.Month) bool { return t.EndedBefore(m.First()) })
	if last := t.Until.YearMonth(); slices.Contains(p.days, t.Until) && !slices.Contains(p.months, last) && !p.running {
		p.months = append(p.months, last)
	}
	return p
}

type licensesCmd struct{}

func (licensesCmd) Run(p *program) error {
	_, err := io.WriteString(p.stdout, notices.Text)
	return err
}

type configCmd struct {
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of a configuration: editors that have it know the keys."`
}

type configSchemaCmd struct {
	Tenant bool `help:"Of a file of tenants_dir instead."`
}

// Run needs no configuration.
func (c *configSchemaCmd) Run(p *program) error {
	schema := config.Schema()
	if c.Tenant {
		schema = config.TenantSchema()
	}
	_, err := io.WriteString(p.stdout, schema)
	return err
}

// completionCmd and manCmd are for whoever packs the program.
type (
	completionCmd struct {
		Shell  string `arg:"" optional:"" enum:"bash,zsh,fish" default:"bash" help:"For ${enum}."`
		Values string `enum:",tenant,region,date,month" default:"" help:"Print instead what there is of these: what was written asks for it."`
	}
	manCmd struct{}
)

func (c completionCmd) Run(ctx context.Context, p *program, app *kong.Kong) error {
	if c.Values == "" {
		return completion.ExecuteTemplate(app.Stdout, "completion."+c.Shell+".tmpl", app.Model)
	}
	cfg, err := p.load(nil)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, tenant := range cfg.Tenants {
		switch c.Values {
		case "tenant":
			seen[tenant.Name] = true
		case "region":
			for _, r := range tenant.Regions {
				seen[r.Name] = true
			}
		default: // what cannot be read is not offered
			_ = reading(ctx, tenant, func(q duck.Queryer) error {
				days, err := store.Slices(ctx, q)
				for day := range days {
					seen[day.String()[:map[string]int{"date": 10, "month": 7}[c.Values]]] = true
				}
				return err
			})
		}
	}
	_, err = fmt.Fprintln(app.Stdout, strings.Join(slices.Sorted(maps.Keys(seen)), "\n"))
	return err
}

// offered are the kinds of values that flags are offered.
var offered = map[string]string{"tenant": "tenant", "region": "region", "date": "date", "from": "date", "to": "date", "month": "month"}

func (manCmd) Run(app *kong.Kong) error {
	var all []string
	for _, n := range commands(app.Model.Node) {
		if !n.Hidden && n.Leaf() {
			all = append(all, examples(n)...)
		}
		n.Detail = "" // which would come between a command's name and what it does
	}
	page := mangokong.NewManPage(1, app.Model).WithSection("Examples", strings.Join(all, "\n"))
	_, err := fmt.Fprint(app.Stdout, page.Build(roff.NewDocument()))
	return err
}

// commands are all below a node, those of commands too.
func commands(n *kong.Node) (all []*kong.Node) {
	for _, c := range n.Children {
		all = append(append(all, c), commands(c)...)
	}
	return all
}

// examples are the lines of a command's help that are set in.
func examples(n *kong.Node) (lines []string) {
	for line := range strings.Lines(n.Detail) {
		if example, is := strings.CutPrefix(line, "  "); is {
			lines = append(lines, strings.TrimRight(example, "\n"))
		}
	}
	return lines
}

//go:embed completion.*.tmpl
var completionTexts embed.FS

var completion = template.Must(template.New("").Funcs(template.FuncMap{
	"visible": visible, "join": strings.Join, "values": func(flag string) string { return offered[flag] },
	"all":   func(n *kong.Node) []*kong.Flag { return flags(n, true) },
	"below": func(n *kong.Node) []*kong.Flag { return flags(n, n.Parent != nil) }, // the program itself: there a command comes first
}).ParseFS(completionTexts, "*.tmpl"))

func visible(n *kong.Node) (names []string) {
	for _, c := range n.Children {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

// flags are those of a node and of what stands above it, and below it too where that is wanted, each once.
func flags(n *kong.Node, below bool) (all []*kong.Flag) {
	nodes := []*kong.Node{n}
	if below {
		nodes = append(nodes, commands(n)...)
	}
	for _, n := range nodes {
		for _, f := range slices.Concat(n.AllFlags(true)...) {
			if !slices.ContainsFunc(all, func(seen *kong.Flag) bool { return seen.Name == f.Name }) {
				all = append(all, f)
			}
		}
	}
	return all
}
