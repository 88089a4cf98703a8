package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processor names the machine's, as Linux does.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(info)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// busy tells how much the machine has to do already: the load of the last minute, a process each.
func busy() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// process is what /proc/<pid>/stat tells of one.
type process struct {
	parent int
	ticks  int64 // user and system time, its own and that of its children that have ended
}

// tick is the unit in which Linux hands out processor times to programs, whatever its own is.
const tick = 10 * time.Millisecond

func readProcess(pid int) (process, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}, err
	}
	// The name, in parentheses, may hold anything: fields are counted after it, the first being the third.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 15 {
		return process{}, fmt.Errorf("read process %d: %d fields", pid, len(fields))
	}
	var p process
	p.parent, err = strconv.Atoi(fields[1])
	for _, i := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
		n, bad := strconv.ParseInt(fields[i], 10, 64)
		if bad != nil {
			return process{}, fmt.Errorf("read process %d: %w", pid, bad)
		}
		p.ticks += n
	}
	return p, err
}

// serverTime is the processor time of a PostgreSQL server so far: of its first process, of the children that it
// has waited for, and of those that run. What background processes do is in it, on both sides of a ratio.
func serverTime(postmaster int) (time.Duration, error) {
	p, err := readProcess(postmaster)
	if err != nil {
		return 0, fmt.Errorf("read the server's processor time: %w", err)
	}
	ticks := p.ticks
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range all {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if c, err := readProcess(pid); err == nil && c.parent == postmaster { // one that has ended since is waited for by now
			ticks += c.ticks
		}
	}
	return time.Duration(ticks) * tick, nil
}
