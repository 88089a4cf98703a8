package evidence

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/duckdb/duckdb-go/v2"

	"seats/internal/duck"
	"seats/internal/pseudonym"
	"seats/internal/store"
)

// Names of agents that exclude_agents leaves out begin with excludedMark in a pseudonymized pack, and the pattern
// that finds them is the only one: the real patterns may name people, and would fit no pseudonym.
const (
	excludedMark    = "excluded-"
	excludedPattern = excludedMark + "*"
)

// masks puts a tenant's pseudonyms into a scratch store.
type masks struct{ *pseudonym.Key }

func maskedPatterns(patterns []string) []string {
	if len(patterns) == 0 {
		return nil
	}
	return []string{excludedPattern}
}

// apply replaces the agents of the one day that the scratch store holds. Patterns are resolved before.
func (m *masks) apply(ctx context.Context, scratch *store.Scratch, patterns []string) error {
	conn := scratch.Conn
	resources, err := m.resources(ctx, conn, patterns)
	if err != nil {
		return err
	}
	if _, err := duck.Exec(ctx, conn, "audit/pack/pseudonym.sql"); err != nil {
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
	_, err = duck.Exec(ctx, conn, "audit/pack/pseudonymize_agent.sql")
	return err
}

// resources are the rows of the table pseudonym.
func (m *masks) resources(ctx context.Context, conn *sql.Conn, patterns []string) ([][]driver.Value, error) {
	list, err := json.Marshal(append([]string{}, patterns...))
	if err != nil {
		return nil, err
	}
	var rows [][]driver.Value
	err = duck.Each(ctx, conn, "audit/pack/resource.sql", func(scan func(...any) error) error {
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
	}, named("patterns", string(list)))
	return rows, err
}
