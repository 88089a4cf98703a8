package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// sample is one measurement.
type sample struct {
	took   time.Duration
	memory int64         // peak, bytes; 0 where nothing was measured
	cpu    time.Duration // processor time of the program, its children included
	server time.Duration // processor time of the PostgreSQL server meanwhile
	stdout []byte
	stderr []byte
}

// child runs a program to its end. Its peak memory is what the kernel counted for it and its children. The
// kernel also counts what the parent held when it started it, so the parent has to stay small.
func child(ctx context.Context, env []string, stdin string, name string, args ...string) (sample, error) {
	return childIn(ctx, "", env, stdin, name, args...)
}

// childIn is child in a folder.
func childIn(ctx context.Context, dir string, env []string, stdin string, name string, args ...string) (sample, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // a script ends what it started
	cmd.WaitDelay = 30 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewBufferString(stdin), &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	s := sample{took: time.Since(began), stdout: stdout.Bytes(), stderr: stderr.Bytes()}
	if err != nil {
		return s, fmt.Errorf("run %s %v: %w\n%s", name, args, err, stderr.Bytes())
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = usage.Maxrss * maxrssUnit
	}
	return s, nil
}

// maxrssUnit: Linux counts ru_maxrss in KiB.
const maxrssUnit = 1024

// copyFile measures what the disk needs to take a copy of a file, and no more.
func copyFile(ctx context.Context, path string) (sample, error) {
	copied := path + ".copy"
	s, err := child(ctx, nil, "", "dd", "if="+path, "of="+copied, "bs=1M", "conv=fsync", "status=none")
	return s, errors.Join(err, os.Remove(copied))
}
