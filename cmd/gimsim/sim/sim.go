// Package sim simulates the facts of a Genesys Info Mart: agents who log in and out, the calls they take, and what Outbound
// Contact Server does, with the kinds of untidy rows that real sites have.
//
// Promises. Equal options give equal rows, in equal order. An agent's day is made from the seed and its own number alone, so that
// memory does not grow with days or agents. Each fact has a history of states, as GIM loads it; any choice of cuts shows those
// same histories, so that the increments of an export, merged by key, are the rows of the database.
//
// All times are UTC epoch seconds.
package sim

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"example.com/seats/internal/gimschema"
)

// Options say what is simulated. Equal options give equal rows, byte for byte. The tags are those of the command line, which
// documents every field; shares and rates are between 0 and 1.
type Options struct {
	Seed     uint64    `default:"1" help:"Equal seeds and flags give equal rows."`
	From     time.Time `required:"" format:"2006-01-02" placeholder:"DATE" help:"First day, YYYY-MM-DD, in each site's own time zone."`
	Days     int       `default:"1" help:"Number of days."`
	Agents   int       `default:"100" help:"Number of agents."`
	Switches []Switch  `default:"SIP_DAL_1=America/Chicago,SIP_DAL_2=America/Chicago,SIP_LON=Europe/London,SIP_PAR=Europe/Paris" help:"NAME=ZONE,NAME=ZONE..., the zone being that of the agents there (UTC if left out)."`
	Tenants  int       `default:"1" help:"Tenants in the one GIM, with keys from 1; agents are dealt out among them."`

	Groups int `default:"0" help:"Agent groups; an agent is in none, one or two of them at a time. 0: no tables of them either."`

	Presence            float64 `default:"0.7" help:"Share of agents at work on a day; fewer on weekends unless 1."`
	SessionsPerAgentDay float64 `default:"2.4" help:"Voice logins of an agent at work, on average."`
	LegsPerHour         float64 `default:"4" help:"Calls that an agent takes an hour, inbound and outbound."`
	OCSShare            float64 `name:"ocs-share" default:"0.4" help:"Share of agents who ever work for Outbound Contact Server."`
	OCSSessions         float64 `name:"ocs-sessions" default:"0.7" help:"Share of their logins that have outbound work."`
	OCSLegs             float64 `name:"ocs-legs" default:"0.6" help:"Share of outbound calls in such a login."`
	Interactions        bool    `default:"true" negatable:"" help:"Also write interaction_fact, which is as large as the legs."`

	HighWater time.Time `placeholder:"TIME" help:"Up to when GIM has read its sources, RFC 3339; default: the end of the data and 3 hours."`

	Rates Rates `embed:"" group:"Rates"`
}

// Rates of what is unusual in a real GIM. Fields of sessions and legs count per row, fields of agents per agent, Orphan and Stray per agent and day.
type Rates struct {
	Open           float64 `default:"0.01" help:"Sessions of the last 24 hours that were never closed."`
	Stuck          float64 `default:"0" help:"Older sessions that were never closed."`
	Overlapping    float64 `default:"0.002" help:"Sessions beside which the same agent has a second one."`
	Broken         float64 `default:"0.001" help:"Sessions and activities without start, or that end before they start."`
	ZeroLength     float64 `default:"0.002" help:"Sessions and legs that end when they start."`
	Long           float64 `default:"0.0005" help:"Sessions of 25 to 40 hours."`
	Corrected      float64 `default:"0.01" help:"Sessions whose end is corrected up to 3 days later."`
	Late           float64 `default:"0.01" help:"Rows that reach GIM 1 to 36 hours late."`
	Orphan         float64 `default:"0.002" help:"Agent-days with outbound activity after the last logout."`
	Stray          float64 `default:"0.001" help:"Agent-days with a session of something that is no agent."`
	OtherMedia     float64 `default:"0.15" help:"Logins with a second login for chat or e-mail beside them."`
	Transfers      float64 `default:"0.02" help:"Calls handed on to another agent."`
	NoEmployeeID   float64 `name:"no-employee-id" default:"0.002" help:"Agents without employee_id."`
	TwoKeys        float64 `default:"0.01" help:"Agents with two resource keys and one employee_id."`
	TestAgents     float64 `default:"0.005" help:"Agents whose employee_id begins with TEST."`
	Roaming        float64 `default:"0.02" help:"Agents who also work on a second switch."`
	UnknownSwitch  float64 `default:"0.003" help:"Logins on a DN that GIM does not know, or whose switch it does not know."`
	UnlistedSwitch float64 `default:"0.003" help:"Logins on the switch SIP_LAB, which is none of --switches."`
}

func (o Options) validate() error {
	for _, number := range []struct {
		what             string
		value, low, high float64
	}{
		{"days", float64(o.Days), 1, 4000}, {"agents", float64(o.Agents), 1, 1e8}, {"switches", float64(len(o.Switches)), 1, 400},
		{"tenants", float64(o.Tenants), 1, 1e8}, {"groups", float64(o.Groups), 0, 10_000},
		{"sessions per agent and day", o.SessionsPerAgentDay, 0, 48}, {"legs per hour", o.LegsPerHour, 0, 120},
		{"presence", o.Presence, 0, 1}, {"OCS share", o.OCSShare, 0, 1}, {"OCS sessions", o.OCSSessions, 0, 1}, {"OCS legs", o.OCSLegs, 0, 1},
	} {
		if !(number.value >= number.low && number.value <= number.high) { // not a number is none of them
			return fmt.Errorf("%s %v: want %v to %.f", number.what, number.value, number.low, number.high)
		}
	}
	for field, rate := range reflect.ValueOf(o.Rates).Fields() {
		if share := rate.Float(); !(share >= 0 && share <= 1) {
			return fmt.Errorf("rate of %s %v: want 0 to 1", field.Name, share)
		}
	}
	return nil
}

// Switch is a telephone switch and the time zone of the site that it serves.
type Switch struct{ Name, Zone string }

func (s *Switch) UnmarshalText(text []byte) error {
	if s.Name, s.Zone, _ = strings.Cut(string(text), "="); s.Name == "" {
		return fmt.Errorf("switch %q: want NAME or NAME=ZONE", text)
	}
	return nil
}

// Simulation is a GIM that is not there.
type Simulation struct {
	Options
	zones []*time.Location // by switch
}

// New checks options and fills in what they leave open.
func New(o Options) (*Simulation, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Simulation{Options: o}
	end := s.From
	for _, sw := range o.Switches {
		zone, err := time.LoadLocation(sw.Zone)
		if err != nil {
			return nil, fmt.Errorf("load zone of switch %s: %w", sw.Name, err)
		}
		s.zones = append(s.zones, zone)
		if local := s.clock(zone, int64(o.Days), 0); local > end.Unix() {
			end = time.Unix(local, 0)
		}
	}
	if o.HighWater.IsZero() {
		s.HighWater = end.Add(3 * time.Hour)
	}
	if s.HighWater.Unix() <= s.From.Unix() {
		return nil, fmt.Errorf("high-water mark %s is not after the first day", o.HighWater.Format(time.RFC3339))
	}
	return s, nil
}

// cuts returns the ends of n increments: evenly spread, the last one at the high-water mark.
func (s *Simulation) cuts(n int) []int64 {
	cuts := make([]int64, n)
	span := s.HighWater.Unix() - s.From.Unix()
	for i := range cuts {
		cuts[i] = s.From.Unix() + span*int64(i+1)/int64(n)
	}
	return cuts
}

// clock returns a time of day, in seconds, of a day of the simulation in a zone.
func (s *Simulation) clock(zone *time.Location, day, second int64) int64 {
	y, m, d := s.From.Date()
	return time.Date(y, m, d+int(day), 0, 0, int(second), 0, zone).Unix()
}

// Export writes into dir, which is created, what GIM's own data export would: a folder for each increment, with a CSV file for
// each table or a zip of those. It does not overwrite anything. Equal simulations and layouts give equal bytes; a zip's bytes
// also depend on the Go release whose compressor wrote it.
func (s *Simulation) Export(ctx context.Context, dir string, l Layout) (counts Counts, err error) {
	if l.Increments < 1 || l.Increments > 60 {
		return counts, fmt.Errorf("increments %d: want 1 to 60", l.Increments)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return counts, err
	}
	chunks, to := make([]chunk, l.Increments), make([]sinks, l.Increments)
	defer func() {
		for _, c := range chunks {
			for _, f := range c.files {
				err = errors.Join(err, f.Close())
			}
		}
	}()
	for i, cut := range s.cuts(l.Increments) {
		at := time.Unix(cut, 0).UTC()
		chunks[i] = chunk{filepath.Join(dir, fmt.Sprintf("export_%d_%s", AuditKey(cut), at.Format("2006_01_02_15_04_05"))), at, nil}
		if to[i], err = chunks[i].create(s.Options, l); err != nil {
			return counts, err
		}
	}
	if counts, err = s.stream(ctx, l, to); err != nil {
		return counts, err
	}
	for _, c := range chunks {
		if l.Zip {
			if err := c.pack(); err != nil {
				return counts, fmt.Errorf("pack %s: %w", c.dir, err)
			}
		}
	}
	return counts, nil
}

// chunk is the folder of an increment, whose name holds an audit key and the time of the newest data, in GMT.
type chunk struct {
	dir   string
	cut   time.Time
	files []*os.File
}

func (c *chunk) create(o Options, l Layout) (to sinks, err error) {
	if err := os.Mkdir(c.dir, 0o777); err != nil {
		return to, err
	}
	for t := range tables {
		if !t.exported() || !o.has(t) {
			continue
		}
		f, err := os.Create(filepath.Join(c.dir, t.name()+".csv"))
		if err != nil {
			return to, err
		}
		c.files, to[t] = append(c.files, f), f
		header := strings.Join(t.columns(l.ExtraColumns), ",")
		switch l.Header {
		case "UPPER":
			header = strings.ToUpper(header)
		case "Mixed":
			header = begins.ReplaceAllStringFunc(header, strings.ToUpper)
		}
		if _, err := f.WriteString(header + l.newline()); err != nil {
			return to, err
		}
	}
	return to, nil
}

var begins = regexp.MustCompile(`(^|,).`)

// pack moves the folder's files into a zip named after the folder, and writes its sum beside it in the form of sha1sum. They
// are dated with the newest data, so that the archive does not show when it was made.
func (c *chunk) pack() error {
	name := filepath.Base(c.dir) + ".zip"
	f, err := os.Create(filepath.Join(c.dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha1.New()
	archive := zip.NewWriter(io.MultiWriter(f, sum))
	for _, file := range c.files {
		to, err := archive.CreateHeader(&zip.FileHeader{Name: filepath.Base(file.Name()), Method: zip.Deflate, Modified: c.cut})
		if err == nil {
			_, err = io.Copy(to, io.NewSectionReader(file, 0, math.MaxInt64))
		}
		if err == nil {
			err = os.Remove(file.Name())
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(archive.Close(), f.Close()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, name+".sha1"), fmt.Appendf(nil, "%x  %s\n", sum.Sum(nil), name), 0o666)
}

// Target is a schema of a PostgreSQL database. The tags are those of the command line.
type Target struct {
	DSN    string `required:"" help:"PostgreSQL connection string, URL or keywords."` // of a role that may create tables, or insert into them
	Schema string `default:"public" help:"Schema of the tables."`
	Create bool   `help:"Create schema and tables first, and keys, indexes and statistics afterwards."` // without it rows are added
}

// Load writes the rows as they are in the end. Each table is loaded by COPY on a connection of its own and in a transaction of
// its own: a load that fails, or is interrupted, may leave some tables filled.
func (s *Simulation) Load(ctx context.Context, to Target) (counts Counts, err error) {
	after := []string{"analyze"}
	if to.Create {
		after = []string{"set maintenance_work_mem = '512MB'", gimschema.Keys, "analyze"}
		if err := to.exec(ctx, "create schema if not exists "+pgx.Identifier{to.Schema}.Sanitize(), gimschema.Tables); err != nil {
			return counts, fmt.Errorf("create tables: %w", err)
		}
	}
	if counts, err = s.copyAll(ctx, to); err != nil {
		return counts, err
	}
	if err := to.exec(ctx, after...); err != nil {
		return counts, fmt.Errorf("create keys: %w", err)
	}
	return counts, nil
}

// on does something on a connection of its own, whose unqualified names are those of the schema.
func (to Target) on(ctx context.Context, do func(*pgx.Conn) error) error {
	conf, err := pgx.ParseConfig(to.DSN)
	if err != nil {
		return err
	}
	conf.RuntimeParams["search_path"] = pgx.Identifier{to.Schema}.Sanitize()
	conn, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was committed is
	return do(conn)
}

// exec runs each text, of one or more statements, as a transaction.
func (to Target) exec(ctx context.Context, texts ...string) error {
	return to.on(ctx, func(conn *pgx.Conn) error {
		for _, text := range texts {
			if _, err := conn.Exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
}

// copyAll deals out the rows to one COPY for each table. The first table to fail stops the others.
func (s *Simulation) copyAll(ctx context.Context, to Target) (Counts, error) {
	copies, ctx := errgroup.WithContext(ctx)
	var feeds sinks
	for t := range tables {
		if !s.has(t) {
			continue
		}
		rows, feed := io.Pipe()
		feeds[t] = feed
		copies.Go(func() error {
			err := to.copyTable(ctx, t, rows)
			rows.CloseWithError(err) // nobody reads them any more
			if err != nil {
				return fmt.Errorf("copy %s: %w", t.name(), err)
			}
			return nil
		})
	}
	counts, streamed := s.stream(ctx, Layout{Increments: 1}, []sinks{feeds})
	for _, feed := range feeds {
		if pipe, is := feed.(*io.PipeWriter); is {
			pipe.CloseWithError(streamed) // without an error it is the end of a complete table
		}
	}
	return counts, cmp.Or(copies.Wait(), streamed)
}

// copyTable copies rows, until they end, in one transaction. Into a table that was just created it goes frozen: no later reader
// has to mark rows as committed. That asks for a truncation in the same transaction.
func (to Target) copyTable(ctx context.Context, t table, rows io.Reader) error {
	return to.on(ctx, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			options := "format csv"
			if to.Create {
				options += ", freeze"
				if _, err := tx.Exec(ctx, "truncate "+t.name()); err != nil {
					return err
				}
			}
			into := fmt.Sprintf("copy %s (%s) from stdin (%s)", t.name(), strings.Join(t.columns(false), ", "), options)
			_, err := conn.PgConn().CopyFrom(ctx, rows, into)
			return err
		})
	})
}
