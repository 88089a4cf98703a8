package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"seats/internal/config"
)

// shardFlags split the tenants among several processes, on as many machines as there are.
type shardFlags struct {
	Shard  string `help:"Only the tenants of shard I of N, from 1." placeholder:"I/N"`
	Shards int    `help:"Only the tenants of one of N shards, which the environment variable JOB_COMPLETION_INDEX names, from 0." placeholder:"N"`
}

// completionIndex is how an Indexed Job of Kubernetes tells its pods apart.
const completionIndex = "JOB_COMPLETION_INDEX"

// shard is one of several parts that tenants are dealt out to. The zero value is of everything.
type shard struct {
	number, of int // from 1
}

// shard is what the flags say; tenants are those that are named beside them.
func (f shardFlags) shard(env func(string) (string, bool), tenants []string) (s shard, err error) {
	switch {
	case len(tenants) > 0 && f != (shardFlags{}):
		return s, usageError("--tenant and --shard both say which tenants: give one of them")
	case f.Shard != "" && f.Shards != 0:
		return s, usageError("--shard and --shards are two ways to say one thing")
	case f.Shard != "":
		number, of, _ := strings.Cut(f.Shard, "/")
		s.number, err = strconv.Atoi(number)
		if err == nil {
			s.of, err = strconv.Atoi(of)
		}
		if err != nil || s.number < 1 || s.number > s.of {
			return s, usageError("--shard %s: want I/N, with I from 1 to N", f.Shard)
		}
	case f.Shards != 0:
		text, _ := env(completionIndex)
		index, err := strconv.Atoi(text)
		if err != nil || index < 0 || index >= f.Shards {
			return s, usageError("--shards %d: %s is %q, want 0 to %d", f.Shards, completionIndex, text, f.Shards-1)
		}
		s = shard{index + 1, f.Shards}
	}
	return s, nil
}

// String is the shard as --shard takes it.
func (s shard) String() string { return fmt.Sprintf("%d/%d", s.number, s.of) }

// holds tells whether a tenant is dealt to the shard. It goes to the one for which its weight is greatest, so that
// another number of shards moves few: of N+1 the new one takes its own from all others (rendezvous hashing).
func (s shard) holds(tenant string) bool {
	best, most := 1, weight(tenant, 1)
	for number := 2; number <= s.of; number++ {
		if w := weight(tenant, number); w > most {
			best, most = number, w
		}
	}
	return s.of == 0 || best == s.number
}

func weight(tenant string, number int) uint64 {
	sum := sha256.Sum256([]byte(tenant + "\x00" + strconv.Itoa(number)))
	return binary.BigEndian.Uint64(sum[:])
}

// part is the configuration with only the shard's tenants, and a metrics file of its own beside the others': no two
// shards share a file.
func (s shard) part(all *config.Config) *config.Config {
	if s.of == 0 {
		return all
	}
	part := only(all, s.holds)
	if part.MetricsFile != "" {
		ending := filepath.Ext(part.MetricsFile)
		part.MetricsFile = fmt.Sprintf("%s-%d-of-%d%s", strings.TrimSuffix(part.MetricsFile, ending), s.number, s.of, ending)
	}
	return part
}
