package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"seats/internal/duck"
	texts "seats/sql"
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
	ID       int64     `json:"run_id"` // 1, 2, ...
	Command  string    `json:"command"`
	Started  time.Time `json:"-"`
	Ended    time.Time `json:"-"`
	OSUser   string    `json:"os_user"`
	Program  string    `json:"program"`
	DuckDB   string    `json:"duckdb"`
	Rules    string    `json:"rules_sha256"` // of the configuration's counting rules
	ExitCode int       `json:"exit_code"`
	Message  string    `json:"message"`
	Days     []string  `json:"days"`
	Files    []string  `json:"files"`  // issued, restated or brought up to date
	Slices   []string  `json:"slices"` // day and hash of every slice that was read
	Previous string    `json:"previous_sha256"`

	StartedTS int64 `json:"started_ts"`
	EndedTS   int64 `json:"ended_ts"`

	SHA256 string `json:"-"` // of this entry, as the ledger has it; set by Runs
}

// NextRun gives the next entry's ID, and the hash of the one before it, "" where there is none.
func NextRun(ctx context.Context, q duck.Queryer) (id int64, previous string, err error) {
	err = q.QueryRowContext(ctx, texts.Text("store/last_run")).Scan(&id, &previous)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, "", fmt.Errorf("read ledger: %w", err)
	}
	return id + 1, previous, nil
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

func allKeepable(texts []string) []string {
	kept := []string{}
	for _, text := range texts {
		kept = append(kept, keepable(text))
	}
	return kept
}

// AppendRun adds an entry to the ledger. ID and Previous are set here. Nothing that a text of it is made of keeps it from being
// written.
func AppendRun(ctx context.Context, q duck.Queryer, r Run) error {
	var err error
	for _, text := range []*string{&r.Command, &r.OSUser, &r.Program, &r.DuckDB, &r.Rules, &r.Message} {
		*text = keepable(*text)
	}
	if r.ID, r.Previous, err = NextRun(ctx, q); err != nil {
		return err
	}
	r.StartedTS, r.EndedTS = r.Started.Unix(), r.Ended.Unix()
	r.Days, r.Files, r.Slices = allKeepable(r.Days), allKeepable(r.Files), allKeepable(r.Slices)
	hash, err := r.Hash()
	if err != nil {
		return err
	}
	_, err = duck.Exec(ctx, q, "store/insert_run",
		sql.Named("run_id", r.ID), sql.Named("command", r.Command), sql.Named("started_ts", r.StartedTS),
		sql.Named("ended_ts", r.EndedTS), sql.Named("os_user", r.OSUser), sql.Named("program", r.Program),
		sql.Named("duckdb", r.DuckDB), sql.Named("rules_sha256", r.Rules), sql.Named("exit_code", r.ExitCode),
		sql.Named("message", r.Message), sql.Named("days", jsonText(r.Days)), sql.Named("files", jsonText(r.Files)),
		sql.Named("slices", jsonText(r.Slices)), sql.Named("previous_sha256", r.Previous), sql.Named("sha256", hash))
	return err
}

// Runs reads the ledger, oldest entry first.
func Runs(ctx context.Context, q duck.Queryer) ([]Run, error) {
	var runs []Run
	err := duck.Each(ctx, q, "store/runs", func(scan func(...any) error) error {
		var r Run
		var days, files, slices string
		err := scan(&r.ID, &r.Command, &r.StartedTS, &r.EndedTS, &r.OSUser, &r.Program, &r.DuckDB, &r.Rules, &r.ExitCode,
			&r.Message, &days, &files, &slices, &r.Previous, &r.SHA256)
		r.Started, r.Ended = time.Unix(r.StartedTS, 0).UTC(), time.Unix(r.EndedTS, 0).UTC()
		runs = append(runs, r)
		last := &runs[len(runs)-1]
		return errors.Join(err, fromJSON(days, &last.Days), fromJSON(files, &last.Files), fromJSON(slices, &last.Slices))
	})
	return runs, err
}

// LastEnded is when the newest run ended, by the clock of its time; the zero time where there was none.
func LastEnded(ctx context.Context, q duck.Queryer) (ended time.Time, err error) {
	err = duck.Each(ctx, q, "store/last_ended", func(scan func(...any) error) error {
		var ts int64
		err := scan(&ts)
		ended = time.Unix(ts, 0).UTC()
		return err
	})
	return ended, err
}

func fromJSON(text string, into *[]string) error {
	*into = []string{}
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

// Hash is the SHA-256 over the entry's JSON, the hash of the entry before included.
func (r Run) Hash() (string, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

func jsonText(s []string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(b)
}
