// Package pseudonym replaces agents by pseudonyms, keyed from a file, in what leaves the house; in rows in such a way that every count stays.
package pseudonym

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"example.com/seats/compute"
	"example.com/seats/internal/calendar"
	"example.com/seats/internal/config"
	"example.com/seats/internal/duck"
	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
	"example.com/seats/internal/settle"
	"example.com/seats/internal/store"
)

// minKey is the least length of a key, in bytes: what is shorter can be guessed.
const minKey = 16

// Key makes pseudonyms: HMAC-SHA256 over tenant, kind and value, keyed from a file. Equal keys give equal
// pseudonyms in every pack of a tenant; without the key nobody can go back or try names.
type Key struct {
	key    []byte
	tenant string
	taken  map[int64]int64 // resource_key by its pseudonym: two must never share one
}

// ReadKey reads the key of a tenant's pseudonyms from a file that its owner alone can read. One line end at its end is not part of it.
func ReadKey(path, tenant string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fail.New(fail.Usage, "make one with `openssl rand -hex 32`", "read key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fail.New(fail.Usage, "chmod 600 "+path, "read key: %s must be a file that nobody but its owner can read (mode %s)", path, info.Mode())
	}
	key, err := plain.Read(path)
	if err != nil {
		return nil, fail.New(fail.Usage, "", "read key: %w", err)
	}
	key = bytes.TrimSuffix(bytes.TrimSuffix(key, []byte("\n")), []byte("\r"))
	if len(key) < minKey {
		return nil, fail.New(fail.Usage, "make one with `openssl rand -hex 32`", "read key: %s holds %d bytes, at least %d are needed", path, len(key), minKey)
	}
	return &Key{key: key, tenant: tenant, taken: map[int64]int64{}}, nil
}

func (k *Key) sum(kind, value string) []byte {
	mac := hmac.New(sha256.New, k.key)
	for _, part := range []string{k.tenant, kind, value} {
		fmt.Fprintf(mac, "%d:%s", len(part), part) // lengths keep the parts apart
	}
	return mac.Sum(nil)
}

// Employee is the pseudonym of an employee_id.
func (k *Key) Employee(id string) string {
	return "P" + hex.EncodeToString(k.sum("employee_id", id)[:16])
}

// Resource is the pseudonym of a resource_key: positive, as keys of agents are.
func (k *Key) Resource(key int64) (int64, error) {
	sum := k.sum("resource_key", strconv.FormatInt(key, 10))
	masked := int64(binary.BigEndian.Uint64(sum) >> 1)
	if other, taken := k.taken[masked]; taken && other != key {
		return 0, errors.New("two resource keys have one pseudonym: use another key")
	}
	k.taken[masked] = key
	return masked, nil
}

// Agent is the pseudonym of an agent as results name it (R6): an employee_id, or # and a resource_key. Without a key it stays, as a digest does.
func (k *Key) Agent(name string) string {
	if k == nil {
		return name
	}
	if digits, fallback := strings.CutPrefix(name, "#"); fallback {
		if key, err := strconv.ParseInt(digits, 10, 64); err == nil {
			if masked, err := k.Resource(key); err == nil {
				return "#" + strconv.FormatInt(masked, 10)
			}
		}
	}
	return k.Employee(name)
}

// User is the pseudonym of who ran the program, by the operating system.
func (k *Key) User(name string) string {
	return "U" + hex.EncodeToString(k.sum("os_user", name)[:16])
}

// Digest takes the place of a digest of something that names went into, with which anybody could try names: equal ones
// stay equal, and no text gives it without the key. Where there are no pseudonyms, and so no key, it stays.
func (k *Key) Digest(sum string) string {
	if k == nil {
		return sum
	}
	return hex.EncodeToString(k.sum("digest", sum))
}

// Of makes the pseudonyms of another tenant, with the same key.
func (k *Key) Of(tenant string) *Key {
	return &Key{key: k.key, tenant: tenant, taken: map[int64]int64{}}
}

// ID tells keys apart, whatever the tenant, and gives none away.
func (k *Key) ID() string { return hex.EncodeToString(k.Of("").sum("key", "")) }

// Names of agents that exclude_agents leaves out begin with excludedMark among pseudonyms, and the pattern
// that finds them is the only one: the real patterns may name people, and would fit no pseudonym.
const (
	excludedMark    = "excluded-"
	excludedPattern = excludedMark + "*"
)

// Day is Rows of a day that the tenant's rules count, and gives the tenant with the rules that count the masked rows. It
// makes sure that they count as the real ones do; the scratch store is left with the day's results from the masked rows.
func (k *Key) Day(ctx context.Context, scratch *store.Scratch, t config.Tenant, day calendar.Date) (config.Tenant, error) {
	before, err := compute.NewCounter(scratch.Conn, t).Day(ctx, day, 0)
	if err != nil {
		return t, err
	}
	if err := k.Rows(ctx, scratch, t.ExcludeAgents); err != nil {
		return t, err
	}
	if len(t.ExcludeAgents) > 0 {
		t.ExcludeAgents = []string{excludedPattern}
	}
	after, err := compute.NewCounter(scratch.Conn, t).Day(ctx, day, 0)
	if err != nil {
		return t, err
	}
	if !slices.Equal(before.Peaks, after.Peaks) || !slices.Equal(before.Enabled, after.Enabled) ||
		!slices.EqualFunc(before.Quality, after.Quality, func(a, b settle.Quality) bool { return a.Rule == b.Rule && a.Count == b.Count }) {
		return t, fmt.Errorf("pseudonymize %s: the pseudonymized rows do not count as the real ones do", day)
	}
	return t, nil
}

// Rows replaces the agents of the one day whose raw rows the scratch store holds. Patterns of exclude_agents are resolved before.
func (k *Key) Rows(ctx context.Context, scratch *store.Scratch, patterns []string) error {
	type resource struct {
		Key       int64  `json:"resource_key"`
		Employee  string `json:"employee_id"`
		Excluded  bool   `json:"-"`
		Pseudonym int64  `json:"pseudonym" duck:"-"`
		Name      string `json:"resource_name" duck:"-"`
	}
	rows, err := duck.All[resource](ctx, scratch.Conn, "ask/pseudonym_resource", sql.Named("patterns", append([]string{}, patterns...)))
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if r.Pseudonym, err = k.Resource(r.Key); err != nil {
			return err
		}
		if r.Employee = k.Employee(r.Employee); r.Excluded {
			r.Name = excludedMark + strconv.FormatInt(r.Pseudonym, 10)
		}
	}
	err = duck.Exec(ctx, scratch.Conn, "ask/pseudonym_pseudonym", duck.JSON("rows", append([]resource{}, rows...)))
	for _, table := range []string{"voice_session", "ocs_activity", "other_leg", "other_session"} {
		if err == nil {
			err = scratch.Each(ctx, "mask", table)
		}
	}
	if err == nil {
		err = duck.Exec(ctx, scratch.Conn, "ask/pseudonym_agent")
	}
	return err
}
