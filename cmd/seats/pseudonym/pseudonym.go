// Package pseudonym replaces the agents of a tenant's rows by keyed pseudonyms, in such a way that every count stays.
package pseudonym

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/duckdb/duckdb-go/v2"

	"seats/compute"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/duck"
	"seats/internal/pseudonym"
	"seats/internal/store"
)

// Names of agents that exclude_agents leaves out begin with excludedMark among pseudonyms, and the pattern
// that finds them is the only one: the real patterns may name people, and would fit no pseudonym.
const (
	excludedMark    = "excluded-"
	excludedPattern = excludedMark + "*"
)

// Masks puts a tenant's pseudonyms into a scratch store.
type Masks struct{ *pseudonym.Key }

// ReadKey reads the key of a tenant's pseudonyms. A key that is too short or readable by others is an error with fail.Usage.
func ReadKey(path, tenant string) (*Masks, error) {
	key, err := pseudonym.ReadKey(path, tenant)
	if err != nil {
		return nil, err
	}
	return &Masks{key}, nil
}

// Of are the pseudonyms of another tenant, with the same key.
func (m *Masks) Of(tenant string) *Masks { return &Masks{m.Key.Of(tenant)} }

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
	if _, err := duck.Exec(ctx, conn, "ask/pseudonym_pseudonym"); err != nil {
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
	for _, table := range []string{"voice_session", "ocs_activity", "other_leg", "other_session"} {
		if err := scratch.Mask(ctx, table); err != nil {
			return err
		}
	}
	_, err = duck.Exec(ctx, conn, "ask/pseudonym_agent")
	return err
}

// resources are the rows of the table pseudonym.
func (m *Masks) resources(ctx context.Context, conn *sql.Conn, patterns []string) ([][]driver.Value, error) {
	list, err := json.Marshal(append([]string{}, patterns...))
	if err != nil {
		return nil, err
	}
	var rows [][]driver.Value
	err = duck.Each(ctx, conn, "ask/pseudonym_resource", func(scan func(...any) error) error {
		var key int64
		var employee string
		var excluded bool
		if err := scan(&key, &employee, &excluded); err != nil {
			return err
		}
		masked, err := m.Resource(key)
		if err != nil {
			return err
		}
		name := ""
		if excluded {
			name = excludedMark + strconv.FormatInt(masked, 10)
		}
		rows = append(rows, []driver.Value{key, masked, m.Employee(employee), name})
		return nil
	}, sql.Named("patterns", string(list)))
	return rows, err
}
