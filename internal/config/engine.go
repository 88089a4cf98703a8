package config

import (
	"regexp"
	"strings"
)

var memoryLimit = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?[KMGT]i?B$`)

const maxThreads = 1024

func (l *loader) engine(v value) Engine {
	f := v.fields(engineKeys...)
	engine := Engine{MemoryLimit: "2GB"}

	limit := f.get("memory_limit")
	if text, ok := limit.scalar(); ok {
		if number := memoryLimit.FindStringSubmatch(text); number == nil || strings.Trim(number[1], "0.") == "" {
			limit.problem("must be a number and one of KB MB GB TB KiB MiB GiB TiB", "")
		}
		engine.MemoryLimit = text
	}
	if n, ok := f.get("threads").integer(0, maxThreads); ok {
		engine.Threads = int(n)
	}
	if text, ok := f.get("temp_dir").text(); ok && text != "" {
		engine.TempDir = l.absolute(text)
	}
	return engine
}
