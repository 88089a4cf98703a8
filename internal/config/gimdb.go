package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"seats/internal/keyfile"
	"seats/internal/plain"
)

// gimdbFields returns the settings given under one gimdb key, which is a
// tenant's or globals'. Only a tenant has a tenant_key.
func (l *loader) gimdbFields(v value, ofTenant bool) fields {
	v.rule = definition("tenant_gimdb")
	f := v.fields()
	if key := f.get("tenant_key"); key.given() && !ofTenant {
		key.problem("is not for all tenants", "it belongs in a tenant's gimdb")
	}
	password, file := f.get("password"), f.get("password_file")
	if password.given() && file.given() && !file.isEmptyText() && !password.isEmptyText() {
		file.complain(fmt.Sprintf("there is a password on line %d: give one of the two", password.at.line), "")
	}
	return f
}

// overGlobals returns a tenant's settings over those of globals, key by key. An empty password_file leaves a password as it is.
func overGlobals(tenant, global fields) fields {
	merged := tenant.over(global, "password", "password_file")
	if password, given := global.byKey["password"]; given && tenant.get("password_file").isEmptyText() && !tenant.get("password").given() {
		merged.byKey["password"] = password
	}
	return merged
}

func (v value) isEmptyText() bool {
	return v.given() && v.node.kind == kindText && v.node.text == ""
}

// gimdb reads settings that are complete but for those that have no default.
func (l *loader) gimdb(f fields) GIMDB {
	db := GIMDB{Port: 5432, Schema: "public", Connections: 2, StatementTimeout: 30 * time.Minute, ReadTimeout: 5 * time.Minute, Retries: 2}
	f.fill(&db)
	db.Host = f.get("host").host()
	db.SSLMode = cmp.Or(db.SSLMode, defaultSSLMode(db.Host))
	db.Password = l.password(f)
	set(&db.Schema, f.get("schema").identifier)
	db.SSLRootCert = sslRootCert(f.get("sslrootcert"))
	return db
}

// host returns the host given. A connection string in its place is refused, and
// not quoted, as it may hold a password.
func (v value) host() string {
	host, ok := v.text()
	if !ok {
		return ""
	}
	if !isSocket(host) && (strings.Contains(host, "://") || strings.ContainsAny(host, "=@ \t\r\n")) {
		v.complain("must be a host name, an address or a socket directory, not a connection string", "")
	}
	return host
}

// isSocket reports whether PostgreSQL takes host for a socket: a directory, or
// an abstract name.
func isSocket(host string) bool {
	return strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
}

// defaultSSLMode asks for encryption and a checked certificate wherever data
// leaves the machine.
func defaultSSLMode(host string) string {
	addr, err := netip.ParseAddr(host)
	if isSocket(host) || strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback() {
		return "prefer"
	}
	return "verify-full"
}

// sslRootCert returns the certificate file given; "system" stays, as PostgreSQL
// takes it for the system's own certificates.
func sslRootCert(v value) string {
	text, ok := v.text()
	if !ok || text == "" || text == "system" {
		return text
	}
	path := v.loader.absolute(text)
	if err := plain.Check(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // PostgreSQL's client opens it without a look
		v.problem("cannot be read: "+cause(err), "")
	}
	return path
}

var identifierPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]{0,62}$`)

// identifier returns the text given, which must be an SQL identifier: it becomes
// part of the text of queries.
func (v value) identifier() (string, bool) {
	text, ok := v.text()
	if ok && !identifierPattern.MatchString(text) {
		v.problem("must be a plain SQL identifier", "1 to 63 of A-Z a-z 0-9 _ $, the first no digit and no $")
		return "", false
	}
	return text, ok
}

// timeout returns the duration given. PostgreSQL counts it in milliseconds of 32
// bits, where 0 is none.
func (v value) timeout() (time.Duration, bool) {
	if !v.given() || v.node.kind == kindPlain && v.node.text == "0" {
		return 0, v.given()
	}
	const rule = `must be a duration such as "30m", or 0 for none`
	if v.node.kind == kindPlain {
		v.problem(rule, "give it a unit: ms, s, m or h")
		return 0, false
	}
	text, ok := v.text()
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil || d < 0:
		v.problem(rule, "")
	case d > 0 && d < time.Millisecond, d > math.MaxInt32*time.Millisecond:
		v.problem("must be 0, or from 1ms to 596h", "")
	default:
		return d, true
	}
	return 0, false
}

// longestPassword is more than PostgreSQL takes, in bytes.
const longestPassword = 1 << 16

// password returns the password given, or the one in the file given.
func (l *loader) password(f fields) Secret {
	given := f.get("password").password()
	v := f.get("password_file")
	path, ok := v.text()
	if !ok || path == "" {
		return Secret(given)
	}
	bytes, info, err := readUpTo(longestPassword, fmt.Sprintf("longer than %d bytes", longestPassword), v.loader.absolute(path), plain.Open)
	if err != nil {
		v.problem("cannot be read: "+cause(err), "")
		return ""
	}
	if exposed(info) {
		v.problem(fmt.Sprintf("others can read that file (mode %s)", info.Mode()), "chmod 600")
	}
	content := string(bytes)
	password := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(content, string(byteOrderMark)), "\n"), "\r")
	switch {
	case strings.HasPrefix(content, "\xff\xfe"), strings.HasPrefix(content, "\xfe\xff"), strings.Contains(content, "\x00"):
		v.problem("must be UTF-8 text", "it is UTF-16, as Windows writes it, or no text")
	case password == "", strings.Contains(password, "\n"):
		v.problem("must hold the password on its one line", "")
	}
	l.keepSecret(password)
	return Secret(password)
}

// password returns the password given. One that stands as it is in a file that others can read is refused, as keys are.
func (v value) password() string {
	if v.given() {
		v.loader.keepSecret(v.node.text) // whatever else is wrong with it
	}
	text, _ := v.text()
	if text != "" && exposed(v.loader.info) && !strings.Contains(strings.ReplaceAll(v.node.text, "$${", ""), "${") {
		v.complain(fmt.Sprintf("others can read it here (mode of the file: %s)", v.loader.info.Mode()), "chmod 600, or take it from the environment: ${NAME}")
	}
	return text
}

// exposed tells whether others have rights to a file that a password is in. What is no plain file is somebody's pipe.
func exposed(info fs.FileInfo) bool {
	return info != nil && info.Mode().IsRegular() && keyfile.Exposed(info)
}
