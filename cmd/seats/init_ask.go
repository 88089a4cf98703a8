package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"seats/cmd/seats/draft"
	"seats/internal/config"
)

// want is a setting that a configuration cannot do without, and that nobody but the user knows.
type want struct {
	flag               string
	value              *string
	question, fallback string
}

// wants are those of the source that has been said; of the host alone, where none has been.
func (d *drafter) wants() []want {
	tenant := want{"--tenant", &d.Tenant, "Name of the tenant, which its files bear too", ""}
	zone := want{"--timezone", &d.Timezone, "Time zone of billing days and months (the GIM's own times are UTC)", "UTC"}
	host := want{"--host", &d.Host, "Host of the GIM DB, or a socket directory", ""}
	switch {
	case d.ExportDir != "":
		return []want{tenant, zone}
	case d.ask == nil && d.Host == "":
		host.flag += " or --export-dir"
		return []want{tenant, host, zone}
	}
	return []want{tenant, host, {"--database", &d.Database, "Database", ""}, {"--user", &d.User, "User", ""}, zone}
}

// complete asks for what is missing, or refuses to go on without, and refuses what no configuration can hold.
func (d *drafter) complete(ctx context.Context) error {
	if d.ExportDir != "" && d.saysServer() {
		return usageError("--export-dir is instead of a GIM DB: leave out what is said of a server")
	}
	if d.ask == nil {
		d.expectPassword()
		if err := d.missing(); err != nil {
			return err
		}
		return d.wrong(nil)
	}
	given := func(flag string) bool {
		return !slices.ContainsFunc(d.wants(), func(w want) bool { return w.flag == flag && *w.value == "" }) && flag != "--password-env"
	}
	if err := d.wrong(given); err != nil {
		return err
	}
	if err := d.askSource(ctx); err != nil {
		return err
	}
	d.expectPassword()
	for _, w := range d.wants() {
		if err := d.askWant(ctx, w); err != nil {
			return err
		}
		if w.flag == "--user" {
			if err := d.askPassword(ctx); err != nil {
				return err
			}
		}
	}
	return d.wrong(nil)
}

// passwordVariable is where a password is looked for that nobody has said a word of.
const passwordVariable = "GIM_PASSWORD"

// expectPassword settles on that, where it is there or can be asked for.
func (d *drafter) expectPassword() {
	said := d.PasswordEnv != "" || d.PasswordFile != "" || d.NoPassword
	if d.ExportDir == "" && !said && (d.ask != nil || !unset(d.env, passwordVariable)) {
		d.PasswordEnv = passwordVariable
	}
}

// saysServer tells whether a flag is given that is of a GIM DB.
func (d *drafter) saysServer() bool {
	texts := []string{d.Database, d.Schema, d.User, d.PasswordEnv, d.PasswordFile, d.SSLMode, d.SSLRootCert}
	return d.Port != 0 || d.NoPassword || slices.ContainsFunc(texts, func(text string) bool { return text != "" })
}

// missing names what is, where nobody can be asked.
func (d *drafter) missing() error {
	var flags []string
	for _, w := range d.wants() {
		if *w.value == "" {
			flags = append(flags, w.flag)
		}
	}
	if d.Host != "" && d.PasswordEnv == "" && d.PasswordFile == "" && !d.NoPassword {
		flags = append(flags, "--password-env, --password-file or --no-password ("+passwordVariable+" is not set)")
	}
	if flags == nil {
		return nil
	}
	return usageError("missing: %s; nothing is asked for where there is no terminal", strings.Join(flags, ", "))
}

// askSource asks which kind of source there is, unless that is plain.
func (d *drafter) askSource(ctx context.Context) error {
	if d.ExportDir != "" || d.Host != "" || d.saysServer() {
		return nil
	}
	return d.ask.ask(ctx, "Folder of the GIM's data exports (empty: it is a GIM DB)", "", func(answer string) (err error) {
		if answer != "" {
			d.ExportDir, err = filepath.Abs(answer)
		}
		return err
	})
}

// askWant asks until a configuration can hold the answer.
func (d *drafter) askWant(ctx context.Context, w want) error {
	if *w.value != "" {
		return nil
	}
	return d.ask.ask(ctx, w.question, w.fallback, func(answer string) error {
		*w.value = answer
		return d.wrong(func(flag string) bool { return flag == w.flag })
	})
}

// askPassword asks for a password that is in no file and not in the environment. It is used now, and written nowhere.
func (d *drafter) askPassword(ctx context.Context) error {
	if d.PasswordEnv == "" || !unset(d.env, d.PasswordEnv) {
		return nil
	}
	typed, err := d.ask.secret(ctx, "Password, which is not written: runs take it from ${"+d.PasswordEnv+"} (empty: the server wants none)")
	if err != nil {
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
	_, err := d.parse(draft.Traffic{})
	var problems config.Errors
	if !errors.As(err, &problems) {
		return err
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
