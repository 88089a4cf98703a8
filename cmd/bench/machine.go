package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// processor names the machine's, as Linux does.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // nothing, elsewhere
	if found := regexp.MustCompile(`(?m)^model name\s*:\s*(.*\S)`).FindSubmatch(info); found != nil {
		return string(found[1])
	}
	return "unknown processor"
}

// busy tells how much the machine has to do already: the load of the last minute, a process each.
func busy() (load float64) {
	text, _ := os.ReadFile("/proc/loadavg") // nothing, elsewhere
	_, _ = fmt.Sscan(string(text), &load)   // the first of its numbers
	return load
}

// process is what /proc/<pid>/stat tells of one.
type process struct {
	parent int
	ticks  int64 // user and system time, its own and that of its children that have ended
}

// tick is the unit in which Linux hands out processor times to programs, whatever its own is.
const tick = 10 * time.Millisecond

func readProcess(pid int) (p process, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, err
	}
	// The name, in parentheses, may hold anything: fields are counted after it, the first being the third.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 15 {
		return p, fmt.Errorf("read process %d: %d fields", pid, len(fields))
	}
	p.parent, err = strconv.Atoi(fields[1])
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		n, bad := strconv.ParseInt(field, 10, 64)
		if bad != nil {
			return p, fmt.Errorf("read process %d: %w", pid, bad)
		}
		p.ticks += n
	}
	return p, err
}

// serverTime is the processor time of a PostgreSQL server so far: of its first process, of the children that it
// has waited for, and of those that run. What background processes do is in it, on both sides of a ratio.
func serverTime(postmaster int) time.Duration {
	ticks := must(readProcess(postmaster)).ticks
	for _, dir := range must(filepath.Glob("/proc/[0-9]*")) {
		pid, _ := strconv.Atoi(filepath.Base(dir))                            // 0, which is nobody's, is no number
		if c, err := readProcess(pid); err == nil && c.parent == postmaster { // one that has ended since is waited for by now
			ticks += c.ticks
		}
	}
	return time.Duration(ticks) * tick
}
