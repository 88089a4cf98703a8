package main

import (
	"bytes"
	"context"
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
func child(ctx context.Context, name string, args ...string) (sample, error) {
	return childOf(exec.CommandContext(ctx, name, args...), "")
}

// childOf is child with an input, and whatever else the command says.
func childOf(cmd *exec.Cmd, stdin string) (sample, error) {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // a script ends what it started
	cmd.WaitDelay = 30 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewBufferString(stdin), &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	s := sample{took: time.Since(began), stdout: stdout.Bytes(), stderr: stderr.Bytes()}
	if err != nil {
		return s, fmt.Errorf("run %s: %w\n%s", cmd, err, stderr.Bytes())
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = usage.Maxrss * 1024 // Linux counts in KiB
	}
	return s, nil
}

// self runs another command of this program, whose memory must not become this process's.
func self(ctx context.Context, args ...string) sample {
	return must(child(ctx, must(os.Executable()), args...))
}
