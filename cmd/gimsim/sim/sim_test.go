package sim

import (
	"context"
	"encoding/csv"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func simulation(t testing.TB, change func(*Options)) *Simulation {
	t.Helper()
	o := Defaults(time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC))
	o.Agents, o.Days = 60, 4
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	require.NoError(t, err)
	return s
}

// untidy sets all rates so high that each shows among few agents.
func untidy(o *Options) {
	o.Rates = Rates{
		Open: 0.1, Stuck: 0.05, Overlapping: 0.1, Broken: 0.1, ZeroLength: 0.1, Long: 0.05, Corrected: 0.2,
		Late: 0.2, Orphan: 0.1, Stray: 0.1, OtherMedia: 0.2, Transfers: 0.2, NoEmployeeID: 0.1, TwoKeys: 0.2,
		TestAgents: 0.1, Roaming: 0.2, UnknownSwitch: 0.1, UnlistedSwitch: 0.1,
	}
}

// record is a row by column; an empty string is NULL.
type record map[string]string

// int returns an integer field, and false where it is NULL.
func (r record) int(t testing.TB, column string) (int64, bool) {
	t.Helper()
	require.Contains(t, r, column)
	if r[column] == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(r[column], 10, 64)
	require.NoError(t, err)
	return n, true
}

// texts are the CSV text of an increment by table.
type texts [tables]string

func text(t testing.TB, s *Simulation, l Layout) []texts {
	t.Helper()
	l.Increments = max(l.Increments, 1)
	into, to, all := make([][tables]strings.Builder, l.Increments), make([]sinks, l.Increments), make([]texts, l.Increments)
	for i := range to {
		for t := range to[i] {
			to[i][t] = &into[i][t]
		}
	}
	_, err := s.stream(t.Context(), l, to)
	require.NoError(t, err)
	for i := range all {
		for t := range all[i] {
			all[i][t] = into[i][t].String()
		}
	}
	return all
}

// parse reads CSV lines of a table, without header.
func parse(t testing.TB, table table, text string, extra bool) []record {
	t.Helper()
	columns := table.columns(extra)
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = len(columns)
	records, err := reader.ReadAll()
	require.NoError(t, err, table.name())
	rows := make([]record, len(records))
	for i, fields := range records {
		rows[i] = record{}
		for j, column := range columns {
			rows[i][column] = fields[j]
		}
	}
	return rows
}

// merge brings the increments of a table together as a reader of an export
// must: by primary key, then the higher update_audit_key, then the later row.
func merge(t testing.TB, table table, increments ...texts) map[string]record {
	t.Helper()
	merged := map[string]record{}
	for _, increment := range increments {
		for _, row := range parse(t, table, increment[table], false) {
			key := row.key(table)
			if old, seen := merged[key]; seen && row["update_audit_key"] != "" {
				was, _ := old.int(t, "update_audit_key")
				if is, _ := row.int(t, "update_audit_key"); is < was {
					continue
				}
			}
			merged[key] = row
		}
	}
	return merged
}

// key returns a row's primary key; that of a table without one is the whole row.
func (r record) key(of table) string {
	columns := of.columns(false)[:1]
	switch of {
	case extractTable:
		columns = []string{"data_source_key", "table_name", "created_ts"}
	case transformTable:
		columns = []string{"hwm_name", "job_id"}
	case combinationTable:
		columns = []string{"group_combination_key", "group_key"}
	case sessionTable, legTable, userDataTable, attemptTable, interactionTable:
		columns = append(columns, "start_date_time_key")
	}
	key := ""
	for _, column := range columns {
		key += r[column] + " "
	}
	return key
}

func TestEqualOptionsGiveEqualBytes(t *testing.T) {
	layout := Layout{Increments: 3, ExtraColumns: true}
	one := text(t, simulation(t, untidy), layout)
	require.Equal(t, one, text(t, simulation(t, untidy), layout))

	other := text(t, simulation(t, func(o *Options) { untidy(o); o.Seed = 2 }), layout)
	require.NotEqual(t, one[0][sessionTable], other[0][sessionTable])
}

func TestMoreDaysLeaveEarlierDaysAsTheyWere(t *testing.T) {
	mark := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	short := text(t, simulation(t, func(o *Options) { o.HighWater = mark }), Layout{})[0][sessionTable]
	long := text(t, simulation(t, func(o *Options) { o.HighWater = mark; o.Days = 6 }), Layout{})[0][sessionTable]
	require.Equal(t, short, long[:len(short)])
}

func TestMergedIncrementsAreTheDatabase(t *testing.T) {
	s := simulation(t, untidy)
	whole := text(t, s, Layout{})
	for name, layout := range map[string]Layout{"plain": {Increments: 5}, "resent": {Increments: 5, Resent: 0.3}, "duplicated": {Increments: 5, Duplicated: 0.5}} {
		parts := text(t, s, layout)
		for table := range tables {
			if table.exported() {
				require.Equal(t, merge(t, table, whole...), merge(t, table, parts...), "%s: %s", name, table.name())
			}
		}
	}
}

func TestIncrementsCorrectEarlierRows(t *testing.T) {
	before := map[string]record{}
	closed, ends, names := 0, 0, 0
	for _, part := range text(t, simulation(t, untidy), Layout{Increments: 6}) {
		for _, row := range parse(t, sessionTable, part[sessionTable], false) {
			key := row.key(sessionTable)
			if old, seen := before[key]; seen {
				was, _ := old.int(t, "update_audit_key")
				is, _ := row.int(t, "update_audit_key")
				require.Greater(t, is, was)
				require.Equal(t, old["create_audit_key"], row["create_audit_key"])
				switch {
				case old["active_flag"] == "1" && row["active_flag"] == "0":
					closed++
				case old["end_ts"] != row["end_ts"]:
					ends++
				}
			}
			before[key] = row
		}
		for _, row := range parse(t, resourceTable, part[resourceTable], false) {
			if row["agent_last_name"] == "Smith-Jones" {
				names++
			}
		}
	}
	require.Positive(t, closed, "open sessions closed later")
	require.Positive(t, ends, "ends corrected later")
	require.Positive(t, names, "people renamed later")
}

func TestDuplicatesAreInOneIncrement(t *testing.T) {
	texts := text(t, simulation(t, nil), Layout{Duplicated: 0.5})
	require.Greater(t, len(parse(t, sessionTable, texts[0][sessionTable], false)), len(merge(t, sessionTable, texts...))*5/4)
}

// sink is a writer that is a function.
type sink func() error

func (s sink) Write(text []byte) (int, error) { return len(text), s() }

func TestWritingStopsAtAnErrorAndWhenCancelled(t *testing.T) {
	s := simulation(t, nil)
	full := errors.New("disk full")
	_, err := s.stream(t.Context(), Layout{Increments: 1}, []sinks{{sessionTable: sink(func() error { return full })}})
	require.ErrorIs(t, err, full)

	ctx, cancel := context.WithCancel(t.Context())
	_, err = s.stream(ctx, Layout{Increments: 1}, []sinks{{tenantTable: sink(func() error { cancel(); return nil })}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no agents":       func(o *Options) { o.Agents = 0 },
		"no days":         func(o *Options) { o.Days = 0 },
		"no switches":     func(o *Options) { o.Switches = nil },
		"unknown zone":    func(o *Options) { o.Switches = Switches{{Name: "SIP", Zone: "Mars/Olympus"}} },
		"early high mark": func(o *Options) { o.HighWater = time.Unix(0, 0) },
		"no such rate":    func(o *Options) { o.Rates.Broken = 1.5 },
		"negative share":  func(o *Options) { o.OCSShare = -0.1 },
	} {
		o := Defaults(time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC))
		change(&o)
		_, err := New(o)
		require.Error(t, err, name)
	}
}
