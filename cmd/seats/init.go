package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"example.com/seats/cmd/seats/draft"
	"example.com/seats/cmd/seats/job"
	"example.com/seats/cmd/seats/query"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/report"
)

type initCmd struct {
	Output string `help:"File to write, which must not be there; default that of --config." placeholder:"FILE" type:"path"`
	draft.Settings

	Days int `help:"How many of the last days that the GIM holds whole are looked at for switches; 0: none." default:"7" placeholder:"N"`
}

// Run writes a configuration and checks it.
func (c *initCmd) Run(ctx context.Context, p *program) error {
	c.Output = cmp.Or(c.Output, p.Config)
	if c.Days < 0 {
		return usageError("--days %d is negative", c.Days)
	}
	if _, err := os.Lstat(c.Output); err == nil {
		return fail.New(fail.Usage, "nothing was overwritten; --output gives it another name", "%s exists", c.Output)
	}
	if _, err := os.Stat(filepath.Dir(c.Output)); err != nil {
		return fail.New(fail.Other, "make the folder first", "write %s: %w", c.Output, err) // before anything is asked or looked at
	}
	d := drafter{initCmd: c, program: p, env: p.env, ask: p.asker()}
	found, err := d.fill(ctx)
	if err != nil {
		return err
	}
	if err := d.write(found); err != nil {
		return err
	}
	p.Info("written", "file", c.Output, "switches", len(found.Switches))
	checked, asChecked := *p.world, *p.cli
	checked.env, asChecked.Config = d.env, c.Output
	err = (&checkCmd{listFlags{Format: report.FormatTable}}).Run(ctx, &program{&checked, &asChecked, p.terminal})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d.next(found)
	return err
}

type drafter struct {
	*initCmd
	*program
	env   func(string) (string, bool) // with a password that was typed
	ask   *asker                      // nil: nobody is there
	port  string                      // as it is asked for
	again bool                        // what was said of the source does not lead to one
}

// fill completes the settings and looks at the GIM, until that can be done or whoever is asked gives up: what was said stands.
func (d *drafter) fill(ctx context.Context) (draft.Traffic, error) {
	for {
		err := d.complete(ctx)
		if err != nil {
			return draft.Traffic{}, err
		}
		found, err := d.look(ctx)
		if err == nil || d.ask == nil || ctx.Err() != nil {
			return found, err
		}
		d.fail(err)
		d.Info("asked again, with what was said in brackets: Enter leaves it, Ctrl-C ends")
		d.again = true
	}
}

// parse reads the configuration as far as it is known.
func (d *drafter) parse(found draft.Traffic) (cfg *config.Config, text string, err error) {
	text = d.Text(filepath.Dir(d.Output), found)
	cfg, err = config.Parse(d.Output, []byte(text), d.env)
	if err == nil && cfg.Tenants[0].GIM != nil {
		err = config.Lookup(cfg.Tenants[0].GIM.Password)
	}
	return cfg, text, err
}

// look reads the last days of the GIM as a run does, into a store that is thrown away.
func (d *drafter) look(ctx context.Context) (found draft.Traffic, err error) {
	cfg, _, err := d.parse(found)
	if err != nil || d.Days == 0 {
		return found, err
	}
	tenant := cfg.Tenants[0]
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("nothing was written: look at the GIM: %w", err)
		}
	}()
	h, err := job.Horizon(ctx, tenant, d.clock())
	if err != nil {
		return found, err
	}
	now := d.clock()
	if last := h.Last(); last != nil {
		now = time.Unix(*last, 0)
	}
	var days []calendar.Date // the last ones that the GIM holds whole, the oldest first
	for i := d.Days; i > 0; i-- {
		days = append(days, calendar.DateOf(now, tenant.Zone).AddDays(-i))
	}
	temp, err := os.MkdirTemp(filepath.Dir(d.Output), ".seats-init-") // where the stores will be, there is room
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	tenant.DataDir, tenant.Readiness = temp, config.ReadinessOff
	j := d.job(tenant, job.Plan{Command: "init", Steps: []string{job.Extract}, Days: days})
	j.Log = looking{d.terminal}
	read := j.Do(ctx)
	if ctx.Err() != nil {
		return found, ctx.Err()
	}
	if read.Err != nil {
		return found, read.Err
	}
	err = reading(ctx, tenant, func(db duck.Queryer) (err error) {
		found, err = draft.Find(ctx, db, days)
		return err
	})
	return found, err
}

// looking is a job's log that tells of trouble and progress alone: what it stores is thrown away.
type looking struct{ *terminal }

// Info is not said.
func (looking) Info(string, ...any) {}

// write makes the file, whole, and never replaces one.
func (d *drafter) write(found draft.Traffic) error {
	_, text, err := d.parse(found)
	if err != nil {
		return err
	}
	if err = plain.Write(d.Output, []byte(text), 0o600); err != nil && !errors.Is(err, os.ErrExist) {
		_ = os.Remove(d.Output) // it may not be there
	}
	return err
}

// next says what to do with the file.
func (d *drafter) next(found draft.Traffic) {
	program := "seats"
	if standard, err := filepath.Abs("seats.yaml"); err != nil || d.Output != standard || !unset(d.program.env, "SEATS_CONFIG") {
		program += " --config " + d.Output
	}
	if d.PasswordEnv != "" && unset(d.program.env, d.PasswordEnv) {
		d.Info("every run wants the password in the environment variable " + d.PasswordEnv + ": it is not in the file")
	}
	d.Info("next: look through the file, above all at regions and locations")
	then := "then: " + program + " run"
	if found.To != "" {
		then += " --date " + found.To
	}
	d.Info(then)
}

func unset(env func(string) (string, bool), name string) bool {
	_, set := env(name)
	return !set
}

// want is a setting that a configuration cannot do without, and that nobody but the user knows.
type want struct {
	flag               string
	value              *string
	question, fallback string
}

// wants are those of the source that has been said; of the host alone, where none has been. Where it cannot be reached, encryption may be why.
func (d *drafter) wants() []want {
	tenant := want{"--tenant", &d.Tenant, "Name of the tenant, which its files bear too", ""}
	zone := want{"--timezone", &d.Timezone, "Time zone of billing days and months (the GIM's own times are UTC)", "UTC"}
	host := want{"--host", &d.Host, "Host of the GIM DB, or a socket directory", ""}
	switch {
	case d.ExportDir != "":
		return []want{tenant, {"--export-dir", &d.ExportDir, "Folder of the GIM's data exports", ""}, zone}
	case d.ask == nil && d.Host == "":
		host.flag += " or --export-dir"
		return []want{tenant, host, zone}
	}
	if d.Port != 0 {
		d.port = strconv.Itoa(d.Port)
	}
	all := []want{tenant, host, {"--port", &d.port, "Port", "5432"}, {"--database", &d.Database, "Database", ""},
		{"--schema", &d.Schema, "Schema of the GIM's tables, or of the tenant's views of them", "public"}, {"--user", &d.User, "User", ""}, zone}
	if d.ask == nil { // the defaults are taken
		all = slices.DeleteFunc(all, func(w want) bool { return w.flag == "--port" || w.flag == "--schema" })
	}
	if d.again {
		all = slices.Insert(all, len(all)-1, want{"--sslmode", &d.SSLMode, "Encryption, in PostgreSQL's words (empty: verify-full, here prefer)", ""},
			want{"--sslrootcert", &d.SSLRootCert, "File of the certificates that the server's is checked against (empty: PostgreSQL's own place)", ""})
	}
	return all
}

// passwordVariable is where a password is looked for that nobody has said a word of.
const passwordVariable = "GIM_PASSWORD"

// complete asks for what is missing, or refuses to go on without, and refuses what no configuration can hold.
func (d *drafter) complete(ctx context.Context) error {
	texts := []string{d.Database, d.Schema, d.User, d.PasswordEnv, d.PasswordFile, d.SSLMode, d.SSLRootCert}
	server := d.Port != 0 || d.NoPassword || slices.ContainsFunc(texts, func(text string) bool { return text != "" })
	if d.ExportDir != "" && server {
		return usageError("--export-dir is instead of a GIM DB: leave out what is said of a server")
	}
	if d.ask != nil {
		given := func(flag string) bool {
			return !slices.ContainsFunc(d.wants(), func(w want) bool { return w.flag == flag && *w.value == "" }) && flag != "--password-env"
		}
		if err := d.wrong(given); err != nil {
			return err
		}
	}
	if d.ask != nil && d.ExportDir == "" && d.Host == "" && !server { // which kind of source there is, is not plain
		err := d.ask.ask(ctx, "Folder of the GIM's data exports (empty: it is a GIM DB)", "", func(answer string) (err error) {
			if answer != "" {
				d.ExportDir, err = filepath.Abs(answer)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	said := d.PasswordEnv != "" || d.PasswordFile != "" || d.NoPassword
	if d.ExportDir == "" && !said && (d.ask != nil || !unset(d.env, passwordVariable)) { // it is there or can be asked for
		d.PasswordEnv = passwordVariable
	}
	var missing []string
	for _, w := range d.wants() {
		if *w.value == "" && d.ask == nil {
			missing = append(missing, w.flag)
		} else if *w.value == "" || d.again && w.flag != "--tenant" && w.flag != "--timezone" { // until a configuration can hold the answer
			err := d.ask.ask(ctx, w.question, cmp.Or(*w.value, w.fallback), func(answer string) (err error) {
				switch *w.value = answer; w.flag {
				case "--port":
					if d.Port, err = strconv.Atoi(answer); err != nil {
						return usageError("--port: must be 1..65535, got %q", answer)
					}
				case "--export-dir", "--sslrootcert":
					if answer != "" && answer != "system" {
						*w.value, err = filepath.Abs(answer)
					}
				}
				return errors.Join(err, d.wrong(func(flag string) bool { return flag == w.flag }))
			})
			if err != nil {
				return err
			}
		}
		if w.flag == "--user" && d.ask != nil {
			if err := d.askPassword(ctx); err != nil {
				return err
			}
		}
	}
	if d.ask == nil && d.Host != "" && d.PasswordEnv == "" && d.PasswordFile == "" && !d.NoPassword {
		missing = append(missing, "--password-env, --password-file or --no-password ("+passwordVariable+" is not set)")
	}
	if missing != nil {
		return usageError("missing: %s; nothing is asked for where there is no terminal", strings.Join(missing, ", "))
	}
	return d.wrong(nil)
}

// askPassword asks for a password that is in no file, and not in the environment, or not the right one. It is used now, and written nowhere.
func (d *drafter) askPassword(ctx context.Context) error {
	known := d.PasswordEnv != "" && !unset(d.env, d.PasswordEnv)
	if d.PasswordEnv == "" || known && !d.again {
		return nil
	}
	empty := map[bool]string{true: "as before", false: "the server wants none"}[known]
	typed, err := d.ask.secret(ctx, "Password, which is not written: runs take it from ${"+d.PasswordEnv+"} (empty: "+empty+")")
	if err != nil || typed == "" && known {
		return err
	}
	if typed == "" {
		d.PasswordEnv = ""
		return nil
	}
	env, name := d.env, d.PasswordEnv
	d.env = func(asked string) (string, bool) {
		if asked == name {
			return typed, true
		}
		return env(asked)
	}
	return nil
}

// wrong is what no configuration can hold of the settings whose flags are wanted, nil: of all.
func (d *drafter) wrong(wanted func(flag string) bool) error {
	_, _, err := d.parse(draft.Traffic{})
	problems, is := errors.AsType[config.Errors](err)
	if err != nil && !is {
		return err
	}
	isPassword := func(p config.Problem) bool { return strings.HasSuffix(p.Key, "password") }
	if is && d.PasswordEnv != "" && unset(d.env, d.PasswordEnv) && !slices.ContainsFunc(problems, isPassword) { // said at once, too
		problems = append(problems, config.Problem{Key: "password", Msg: "environment variable " + d.PasswordEnv + " is not set"})
	}
	var all []error
	for _, p := range problems {
		flag := flagOf(p.Key)
		if wanted != nil && !wanted(flag) {
			continue
		}
		said := config.Problem{Key: flag, Value: p.Value, Msg: p.Msg, Hint: p.Hint}
		all = append(all, usageError("%s", strings.TrimPrefix(said.String(), ": ")))
	}
	return errors.Join(all...)
}

// flagOf is the flag that a key of the configuration comes from: tenants.acme is --tenant's.
func flagOf(key string) string {
	steps := strings.Split(key, ".")
	name := steps[len(steps)-1]
	switch {
	case len(steps) == 2 && steps[0] == "tenants":
		name = "tenant"
	case len(steps) == 4 && steps[2] == "regions":
		name = "region"
	case name == "password":
		name = "password_env"
	}
	return "--" + strings.ReplaceAll(name, "_", "-")
}

// asker puts questions to somebody at a terminal: on standard error, since standard output is for data.
type asker struct {
	in  *os.File
	out io.Writer
	buf *bufio.Reader
}

// asker is nil where nobody is there to answer.
func (p *program) asker() *asker {
	in, types := query.Terminal(p.stdin)
	if !types || !p.isTTY {
		return nil
	}
	return &asker{in: in, out: p.stderr, buf: bufio.NewReader(in)}
}

// ask puts a question until the answer is good; an empty one stands for fallback, where there is one.
func (a *asker) ask(ctx context.Context, question, fallback string, good func(answer string) error) error {
	if fallback != "" {
		question += " [" + fallback + "]"
	}
	for {
		fmt.Fprintf(a.out, "%s: ", question)
		answer, err := a.read(ctx, func() (string, error) { return a.buf.ReadString('\n') })
		if err != nil {
			return err
		}
		if answer = strings.TrimSpace(answer); answer == "" {
			answer = fallback
		}
		if err = good(answer); err == nil {
			return nil
		}
		fmt.Fprintln(a.out, "  "+report.Printable(err.Error()))
	}
}

// secret asks for what nobody shall see.
func (a *asker) secret(ctx context.Context, question string) (string, error) {
	fmt.Fprintf(a.out, "%s: ", question)
	before, err := term.GetState(int(a.in.Fd()))
	if err != nil {
		return "", err
	}
	answer, err := a.read(ctx, func() (string, error) {
		text, err := term.ReadPassword(int(a.in.Fd()))
		return string(text), err
	})
	if err != nil {
		term.Restore(int(a.in.Fd()), before) //nolint:errcheck // nothing more can be done
	}
	fmt.Fprintln(a.out)
	return answer, err
}

// read waits for an answer, and no longer than until Ctrl-C.
func (a *asker) read(ctx context.Context, line func() (string, error)) (string, error) {
	text, err := query.Typed(ctx, line)
	if ctx.Err() != nil || errors.Is(err, io.EOF) {
		fmt.Fprintln(a.out)
	}
	if errors.Is(err, io.EOF) { // the terminal was closed
		err = usageError("no answer: nothing was written")
	}
	return text, err
}
