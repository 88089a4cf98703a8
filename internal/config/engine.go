package config

import (
	"regexp"
	"strconv"
)

var memoryLimit = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?B)$`)

var bytesOf = map[string]float64{
	"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

const maxThreads = 1024

func (l *loader) engine(v value) Engine {
	f := v.fields(engineKeys...)
	engine := Engine{MemoryLimit: 2e9}

	limit := f.get("memory_limit")
	if text, ok := limit.scalar(); ok {
		if engine.MemoryLimit = amount(text); engine.MemoryLimit == 0 {
			limit.problem("must be a number and one of KB MB GB TB KiB MiB GiB TiB", "")
		}
	}
	if n, ok := f.get("threads").integer(0, maxThreads); ok {
		engine.Threads = int(n)
	}
	if text, ok := f.get("temp_dir").text(); ok && text != "" {
		engine.TempDir = l.absolute(text)
	}
	return engine
}

// amount is in bytes; 0 for what is no amount of memory, and for more than can be had.
func amount(text string) int64 {
	parts := memoryLimit.FindStringSubmatch(text)
	if parts == nil {
		return 0
	}
	number, err := strconv.ParseFloat(parts[1], 64)
	if n := number * bytesOf[parts[2]]; err == nil && n < 1<<62 {
		return int64(n)
	}
	return 0
}
