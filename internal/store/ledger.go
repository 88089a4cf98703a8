package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"seats/internal/duck"
)

// Run is one entry of the ledger: a run that worked on this store, whatever became of it. Each entry carries
// the hash of the one before, so that none can be changed or taken out unseen.
//
// A refused run has its entry too, with its exit code and message. Three kinds of run leave none: one that was
// interrupted, since it leaves the store as it was; one that did not get the store, because another run held it
// or it could not be read; and one whose configuration or command line was refused, since it never knew a store.
// Entries are never removed: what takes old slices away leaves the ledger, and a store that starts anew starts
// at entry 1, by which an audit tells it from the one that issued the files in the output folder.
type Run struct {
	ID       int64  `json:"run_id"` // 1, 2, ...
	Command  string `json:"command"`
	OSUser   string `json:"os_user"`
	Program  string `json:"program"`
	DuckDB   string `json:"duckdb"`
	Rules    string `json:"rules_sha256"` // of the configuration's counting rules
	ExitCode int    `json:"exit_code"`
	Message  string `json:"message"`
	Days     list   `json:"days"`
	Files    list   `json:"files"`  // issued, restated or brought up to date
	Slices   list   `json:"slices"` // day and hash of every slice that was read
	Previous string `json:"previous_sha256"`

	StartedTS int64  `json:"started_ts"`
	EndedTS   int64  `json:"ended_ts"`
	SHA256    string `json:"-"` // of this entry, as the ledger has it; set by Runs

	Started time.Time `json:"-" duck:"-"`
	Ended   time.Time `json:"-" duck:"-"`
}

// list is texts that stand in the store as a list.
type list []string

// Scan reads them out of JSON.
func (t *list) Scan(value any) error {
	*t = list{}
	return json.Unmarshal(fmt.Append(nil, value), t)
}

// Newest is the newest entry; the zero value where there is none.
type Newest struct {
	ID, EndedTS int64 // by the clock of its time
	SHA256      string
}

// LastRun reads it.
func LastRun(ctx context.Context, q duck.Queryer) (Newest, error) {
	return duck.One[Newest](ctx, q, "store/last_run")
}

// maxText is how many bytes of a text the ledger keeps: what a server or a file says may have no end.
const maxText = 64 << 10

// keepable is a text as the ledger can keep it, whatever others have put into it: valid UTF-8 without NUL bytes, cut where it is too
// long. The hash is over the entry as it is kept.
func keepable(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + fmt.Sprintf(" ... (%d bytes in all)", len(text))
}

func allKeepable(all list) list {
	kept := list{}
	for _, text := range all {
		kept = append(kept, keepable(text))
	}
	return kept
}

// AppendRun adds an entry to the ledger. ID and Previous are set here. Nothing that a text of it is made of keeps it from being
// written.
func AppendRun(ctx context.Context, q duck.Queryer, r Run) error {
	last, err := LastRun(ctx, q)
	if err != nil {
		return err
	}
	for _, text := range []*string{&r.Command, &r.OSUser, &r.Program, &r.DuckDB, &r.Rules, &r.Message} {
		*text = keepable(*text)
	}
	r.ID, r.Previous = last.ID+1, last.SHA256
	r.StartedTS, r.EndedTS = r.Started.Unix(), r.Ended.Unix()
	r.Days, r.Files, r.Slices = allKeepable(r.Days), allKeepable(r.Files), allKeepable(r.Slices)
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = duck.Exec(ctx, q, "store/insert_run", sql.Named("entry", string(text)), sql.Named("sha256", sum(text)))
	return err
}

func sum(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }

// Runs reads the ledger, oldest entry first.
func Runs(ctx context.Context, q duck.Queryer) ([]Run, error) {
	runs, err := duck.All[Run](ctx, q, "store/runs")
	for i := range runs {
		r := &runs[i]
		r.Started, r.Ended = time.Unix(r.StartedTS, 0).UTC(), time.Unix(r.EndedTS, 0).UTC()
	}
	return runs, err
}

// Hash is the SHA-256 over the entry's JSON, the hash of the entry before included.
func (r Run) Hash() (string, error) {
	text, err := json.Marshal(r)
	return sum(text), err
}
