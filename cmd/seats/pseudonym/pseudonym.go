// Package pseudonym replaces the agents of a tenant's rows by keyed pseudonyms, in such a way that every count stays.
package pseudonym

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/fail"
	"seats/internal/store"
)

// minKey is the least length of a key, in bytes: what is shorter can be guessed.
const minKey = 16

// Names of agents that exclude_agents leaves out begin with excludedMark among pseudonyms, and the pattern
// that finds them is the only one: the real patterns may name people, and would fit no pseudonym.
const (
	excludedMark    = "excluded-"
	excludedPattern = excludedMark + "*"
)

// Masks makes the pseudonyms of a tenant: HMAC-SHA256 over tenant, kind and value, keyed from a file. Equal keys give
// equal pseudonyms, whenever and wherever; without the key nobody can go back or try names.
type Masks struct {
	key    []byte
	tenant string
	taken  map[int64]int64 // resource_key by its pseudonym: two must never share one
}

// ReadKey reads the key of a tenant's pseudonyms. One line end at its end is not part of it. A key that is too short or
// readable by others is an error with fail.Usage.
func ReadKey(path, tenant string) (*Masks, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fail.New(fail.Usage, "make one with `openssl rand -hex 32`", "read key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fail.New(fail.Usage, "chmod 600 "+path, "read key: %s must be a file that nobody but its owner can read (mode %s)", path, info.Mode())
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fail.New(fail.Usage, "", "read key: %w", err)
	}
	key = bytes.TrimSuffix(bytes.TrimSuffix(key, []byte("\n")), []byte("\r"))
	if len(key) < minKey {
		return nil, fail.New(fail.Usage, "make one with `openssl rand -hex 32`", "read key: %s holds %d bytes, at least %d are needed", path, len(key), minKey)
	}
	return &Masks{key: key, tenant: tenant, taken: map[int64]int64{}}, nil
}

func (m *Masks) sum(kind, value string) []byte {
	mac := hmac.New(sha256.New, m.key)
	for _, part := range []string{m.tenant, kind, value} {
		fmt.Fprintf(mac, "%d:%s", len(part), part) // lengths keep the parts apart
	}
	return mac.Sum(nil)
}

// employee is the pseudonym of an employee_id.
func (m *Masks) employee(id string) string {
	return "P" + hex.EncodeToString(m.sum("employee_id", id)[:16])
}

// resource is the pseudonym of a resource_key: positive, as keys of agents are.
func (m *Masks) resource(key int64) (int64, error) {
	sum := m.sum("resource_key", strconv.FormatInt(key, 10))
	masked := int64(binary.BigEndian.Uint64(sum) >> 1)
	if other, taken := m.taken[masked]; taken && other != key {
		return 0, errors.New("two resource keys have one pseudonym: use another key")
	}
	m.taken[masked] = key
	return masked, nil
}

// Agent is the pseudonym of an agent as results name it (R6): an employee_id, or # and a resource_key.
func (m *Masks) Agent(name string) string {
	if digits, fallback := strings.CutPrefix(name, "#"); fallback {
		if key, err := strconv.ParseInt(digits, 10, 64); err == nil {
			if masked, err := m.resource(key); err == nil {
				return "#" + strconv.FormatInt(masked, 10)
			}
		}
	}
	return m.employee(name)
}

// Of are the pseudonyms of another tenant, with the same key.
func (m *Masks) Of(tenant string) *Masks {
	return &Masks{key: m.key, tenant: tenant, taken: map[int64]int64{}}
}

// Key tells keys apart, whatever the tenant, and gives none away.
func (m *Masks) Key() string { return hex.EncodeToString(m.Of("").sum("key", "")) }

// Day is Rows of a day that the tenant's rules count, and gives the tenant with the rules that count the masked rows. It
// makes sure that they count as the real ones do; the scratch store is left with the day's results from the masked rows.
func (m *Masks) Day(ctx context.Context, scratch *store.Scratch, t config.Tenant, day calendar.Date) (config.Tenant, error) {
	before, err := compute.Day(ctx, scratch.Conn, t, day, 0)
	if err != nil {
		return t, err
	}
	if err := m.Rows(ctx, scratch, t.ExcludeAgents); err != nil {
		return t, err
	}
	t.ExcludeAgents = maskedPatterns(t.ExcludeAgents)
	after, err := compute.Day(ctx, scratch.Conn, t, day, 0)
	if err != nil {
		return t, err
	}
	if !slices.Equal(before.Peaks, after.Peaks) || !slices.Equal(before.Enabled, after.Enabled) ||
		!slices.EqualFunc(before.Quality, after.Quality, func(a, b compute.Quality) bool { return a.Rule == b.Rule && a.Count == b.Count }) {
		return t, fmt.Errorf("pseudonymize %s: the pseudonymized rows do not count as the real ones do", day)
	}
	return t, nil
}

func maskedPatterns(patterns []string) []string {
	if len(patterns) == 0 {
		return nil
	}
	return []string{excludedPattern}
}

// Rows replaces the agents of the one day whose raw rows the scratch store holds. Patterns of exclude_agents are resolved
// before.
func (m *Masks) Rows(ctx context.Context, scratch *store.Scratch, patterns []string) error {
	conn := scratch.Conn
	resources, err := m.resources(ctx, conn, patterns)
	if err != nil {
		return err
	}
	if _, err := duck.Exec(ctx, conn, "pseudonym/pseudonym.sql"); err != nil {
		return err
	}
	err = conn.Raw(func(c any) error {
		app, err := duckdb.NewAppenderFromConn(c.(driver.Conn), "", "pseudonym")
		if err != nil {
			return err
		}
		for _, r := range resources {
			if err := app.AppendRow(r...); err != nil {
				return errors.Join(err, app.Close())
			}
		}
		return app.Close()
	})
	if err != nil {
		return fmt.Errorf("write pseudonyms: %w", err)
	}
	for _, table := range []string{"voice_session", "ocs_activity"} {
		if err := scratch.Mask(ctx, table); err != nil {
			return err
		}
	}
	_, err = duck.Exec(ctx, conn, "pseudonym/agent.sql")
	return err
}

// resources are the rows of the table pseudonym.
func (m *Masks) resources(ctx context.Context, conn *sql.Conn, patterns []string) ([][]driver.Value, error) {
	list, err := json.Marshal(append([]string{}, patterns...))
	if err != nil {
		return nil, err
	}
	var rows [][]driver.Value
	err = duck.Each(ctx, conn, "pseudonym/resource.sql", func(scan func(...any) error) error {
		var key int64
		var employee string
		var excluded bool
		if err := scan(&key, &employee, &excluded); err != nil {
			return err
		}
		masked, err := m.resource(key)
		if err != nil {
			return err
		}
		name := ""
		if excluded {
			name = excludedMark + strconv.FormatInt(masked, 10)
		}
		rows = append(rows, []driver.Value{key, masked, m.employee(employee), name})
		return nil
	}, sql.Named("patterns", string(list)))
	return rows, err
}
