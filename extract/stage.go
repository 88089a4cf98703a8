package extract

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"seats/internal/duck"
)

// Stage is where a source puts its rows: the attached database of sql/slice.
type Stage struct {
	DB   *sql.DB   // for further connections, one a reader
	Conn *sql.Conn // the run's own

	// Expect is told how many rows are about to come, by the server's estimate; it may be replaced.
	Expect func(rows int64)

	rows *receiver
}

// NewStage attaches an empty stage to the store's work copy.
func NewStage(ctx context.Context, db *sql.DB, conn *sql.Conn) (*Stage, error) {
	for _, name := range []string{"attach", "schema", "note_threads"} {
		if _, err := duck.Exec(ctx, conn, "slice/"+name); err != nil {
			return nil, err
		}
	}
	rows, err := newReceiver(conn)
	if err != nil {
		return nil, err
	}
	return &Stage{DB: db, Conn: conn, Expect: func(int64) {}, rows: rows}, nil
}

// Close does away with the stage and all that waits in it: what follows needs the memory.
func (s *Stage) Close() error {
	// Whenever it is told its threads, DuckDB gives the memory back that it does not use.
	return s.run(context.Background(), "slice/detach", "store/one_thread", "slice/all_threads")
}

// clear empties the stage for a source that is about to be opened.
func (s *Stage) clear(ctx context.Context) error {
	for _, t := range tables {
		if err := s.create(ctx, t.Name); err != nil {
			return err
		}
	}
	return nil
}

// create makes tables anew, empty.
func (s *Stage) create(ctx context.Context, names ...string) error {
	for _, name := range names {
		if _, err := duck.ExecOn(ctx, s.Conn, "slice/each_create", table(name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stage) run(ctx context.Context, names ...string) error {
	for _, name := range names {
		if _, err := duck.Exec(ctx, s.Conn, name); err != nil {
			return err
		}
	}
	return nil
}

// resolveCodes finds the keys of the media and dialing modes that matter, once these dimensions are staged.
func (s *Stage) resolveCodes(ctx context.Context) error {
	return s.run(ctx, "slice/voice_media", "slice/preview_mode")
}

// resolveResources finds agents and switches, once resources are staged.
func (s *Stage) resolveResources(ctx context.Context) error {
	return s.run(ctx, "slice/known_agent", "slice/known_switch")
}

// Switches are those of the source's DNs and queues, once its resources are staged; none before.
func (s *Stage) Switches(ctx context.Context) (names []string, err error) {
	err = duck.Each(ctx, s.Conn, "slice/switch", func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	})
	return names, err
}

// awaiting runs work that mostly waits for rows of a server, during which DuckDB has one thread a connection.
func (s *Stage) awaiting(ctx context.Context, work func() error) (err error) {
	if _, err := duck.Exec(ctx, s.Conn, "store/one_thread"); err != nil {
		return err
	}
	defer func() {
		_, restored := duck.Exec(context.WithoutCancel(ctx), s.Conn, "slice/all_threads")
		err = errors.Join(err, restored)
	}()
	return work()
}

// merge leaves the newest copy of every row of a table, and notes which keys were there more than once; then it drops
// what is not the tenant's, where there are several. unique: the source itself keeps the table's key unique, and has
// looked at the tenant.
func (s *Stage) merge(ctx context.Context, name string, unique bool, tenantKey *int64) error {
	t := table(name)
	if _, err := duck.ExecOn(ctx, s.Conn, "slice/each_repeated", t, sql.Named("unique", unique)); err != nil || unique {
		return err
	}
	if _, err := duck.ExecOn(ctx, s.Conn, "slice/each_newest", t); err != nil || tenantKey == nil || !t.Has("tenant_key") {
		return err
	}
	_, err := duck.ExecOn(ctx, s.Conn, "slice/each_other_tenant", t, sql.Named("tenant_key", *tenantKey))
	return err
}

// keys reads a query of one integer column.
func (s *Stage) keys(ctx context.Context, name string, args ...any) ([]int64, error) {
	keys := []int64{}
	err := duck.Each(ctx, s.Conn, name, func(scan func(...any) error) error {
		var k int64
		if err := scan(&k); err != nil {
			return err
		}
		keys = append(keys, k)
		return nil
	}, args...)
	return keys, err
}

// verify compares what was sent into a table with what the table holds: rows, and of each column the number
// of values and their sum. Nothing is believed unseen.
func (s *Stage) verify(ctx context.Context, name string, sent *tally) error {
	found := make([]any, 0, 1+2*len(sent.columns))
	var rows int64
	found = append(found, &rows)
	counts, sums := make([]int64, len(sent.columns)), make([]string, len(sent.columns))
	for i := range sent.columns {
		found = append(found, &counts[i], &sums[i])
	}
	err := duck.EachOn(ctx, s.Conn, "slice/each_check", table(name), func(scan func(...any) error) error { return scan(found...) })
	if err != nil {
		return err
	}
	if rows != sent.rows {
		return fmt.Errorf("verify %s: %d rows sent, %d stored", name, sent.rows, rows)
	}
	for i, c := range sent.columns {
		if counts[i] != c.count || sums[i] != c.sum() {
			return fmt.Errorf("verify %s: column %d: sent %d values with sum %s, stored %d with sum %s",
				name, i+1, c.count, c.sum(), counts[i], sums[i])
		}
	}
	return nil
}
