package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"seats/report"
)

// asker puts questions to somebody at a terminal: on standard error, since standard output is for data.
type asker struct {
	in  *os.File
	out io.Writer
	buf *bufio.Reader
}

// newAsker is nil where nobody is there to answer.
func newAsker(w *world, t *terminal) *asker {
	in, ok := w.stdin.(*os.File)
	if !ok || !t.isTTY || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	return &asker{in: in, out: w.stderr, buf: bufio.NewReader(in)}
}

// errNoAnswer: the terminal was closed instead of an answer.
var errNoAnswer = usageError("no answer: nothing was written")

// ask puts a question until the answer is good; an empty one stands for fallback, where there is one.
func (a *asker) ask(ctx context.Context, question, fallback string, good func(answer string) error) error {
	if fallback != "" {
		question += " [" + fallback + "]"
	}
	for {
		fmt.Fprintf(a.out, "%s: ", question)
		answer, err := a.read(ctx, func() (string, error) { return a.buf.ReadString('\n') })
		if err != nil {
			return err
		}
		if answer = strings.TrimSpace(answer); answer == "" {
			answer = fallback
		}
		err = good(answer)
		if err == nil {
			return nil
		}
		fmt.Fprintln(a.out, "  "+report.Printable(err.Error()))
	}
}

// secret asks for what nobody shall see.
func (a *asker) secret(ctx context.Context, question string) (string, error) {
	fmt.Fprintf(a.out, "%s: ", question)
	before, err := term.GetState(int(a.in.Fd()))
	if err != nil {
		return "", err
	}
	answer, err := a.read(ctx, func() (string, error) {
		text, err := term.ReadPassword(int(a.in.Fd()))
		return string(text), err
	})
	if err != nil {
		term.Restore(int(a.in.Fd()), before) //nolint:errcheck // nothing more can be done
	}
	fmt.Fprintln(a.out)
	return answer, err
}

// read waits for an answer, and no longer than until Ctrl-C: who types does not end the reading.
func (a *asker) read(ctx context.Context, line func() (string, error)) (string, error) {
	type read struct {
		text string
		err  error
	}
	got := make(chan read, 1)
	go func() {
		text, err := line()
		got <- read{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.out)
		return "", ctx.Err()
	case r := <-got:
		if errors.Is(r.err, io.EOF) {
			fmt.Fprintln(a.out)
			return "", errNoAnswer
		}
		return r.text, r.err
	}
}
