package extract

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"seats/internal/duck"
)

// Stage is where a source puts its rows: the attached database of sql/stage.
type Stage struct {
	DB   *sql.DB   // for further connections, one a reader
	Conn *sql.Conn // the run's own

	// Expect is told how many rows are about to come, by the server's estimate; it may be replaced.
	Expect func(rows int64)

	rows *receiver
}

// NewStage attaches an empty stage to the store's work copy.
func NewStage(ctx context.Context, db *sql.DB, conn *sql.Conn) (*Stage, error) {
	if _, err := duck.Exec(ctx, conn, "stage/attach.sql"); err != nil {
		return nil, err
	}
	if _, err := duck.Exec(ctx, conn, "stage/note_threads.sql"); err != nil {
		return nil, err
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
	return s.run(context.Background(), "detach", "one_thread", "all_threads")
}

// clear empties the stage for a source that is about to be opened.
func (s *Stage) clear(ctx context.Context) error {
	return s.run(ctx, "dimensions", "session_facts", "activity_facts")
}

func (s *Stage) run(ctx context.Context, names ...string) error {
	for _, name := range names {
		if _, err := duck.Exec(ctx, s.Conn, "stage/"+name+".sql"); err != nil {
			return err
		}
	}
	return nil
}

// resolveCodes finds the keys of the media and dialing modes that matter, once these dimensions are staged.
func (s *Stage) resolveCodes(ctx context.Context) error {
	return s.run(ctx, "voice_media", "preview_mode")
}

// resolveResources finds agents and switches, once resources are staged.
func (s *Stage) resolveResources(ctx context.Context) error {
	return s.run(ctx, "known_agent", "known_switch")
}

// awaiting runs work that mostly waits for rows of a server, during which DuckDB has one thread a connection.
func (s *Stage) awaiting(ctx context.Context, work func() error) (err error) {
	if _, err := duck.Exec(ctx, s.Conn, "stage/one_thread.sql"); err != nil {
		return err
	}
	defer func() {
		_, restored := duck.Exec(context.WithoutCancel(ctx), s.Conn, "stage/all_threads.sql")
		err = errors.Join(err, restored)
	}()
	return work()
}

// merge leaves the newest copy of every row of a table, and notes which keys were there more than once; then it drops
// what is not the tenant's, where there are several. unique: the source itself keeps the table's key unique, and has
// looked at the tenant.
func (s *Stage) merge(ctx context.Context, table string, unique bool, tenantKey *int64) error {
	if _, err := duck.Exec(ctx, s.Conn, "stage/repeated/"+table+".sql", sql.Named("unique", unique)); err != nil || unique {
		return err
	}
	if _, err := duck.Exec(ctx, s.Conn, "stage/newest/"+table+".sql"); err != nil || tenantKey == nil || !slices.Contains(ofTenants, table) {
		return err
	}
	_, err := duck.Exec(ctx, s.Conn, "stage/other_tenant/"+table+".sql", sql.Named("tenant_key", *tenantKey))
	return err
}

// ofTenants are the tables whose rows belong to a tenant each.
var ofTenants = []string{"sm_res_session_fact", "interaction_resource_fact", "contact_attempt_fact"}

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
func (s *Stage) verify(ctx context.Context, table string, sent *tally) error {
	found := make([]any, 0, 1+2*len(sent.columns))
	var rows int64
	found = append(found, &rows)
	counts, sums := make([]int64, len(sent.columns)), make([]string, len(sent.columns))
	for i := range sent.columns {
		found = append(found, &counts[i], &sums[i])
	}
	err := duck.Each(ctx, s.Conn, "stage/check/"+table+".sql", func(scan func(...any) error) error { return scan(found...) })
	if err != nil {
		return err
	}
	if rows != sent.rows {
		return fmt.Errorf("verify %s: %d rows sent, %d stored", table, sent.rows, rows)
	}
	for i, c := range sent.columns {
		if counts[i] != c.count || sums[i] != c.sum() {
			return fmt.Errorf("verify %s: column %d: sent %d values with sum %s, stored %d with sum %s",
				table, i+1, c.count, c.sum(), counts[i], sums[i])
		}
	}
	return nil
}
