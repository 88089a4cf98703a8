package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"seats/internal/judge"
)

//go:embed script/copy.sql
var scriptCopySQL string

//go:embed script/answer.py
var scriptAnswerPy string

// script answers as an engineer would who has no seats: psql copies rows into CSV files, another client of DuckDB counts.
func (s *site) script(ctx context.Context, schema string, q judge.Question) (peaks []judge.Peak, taken sample, err error) {
	dir := filepath.Join(s.dir, "script")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, sample{}, err
	}
	question, err := json.Marshal(q)
	if err != nil {
		return nil, sample{}, err
	}
	program, asked := filepath.Join(dir, "answer.py"), filepath.Join(dir, "question.json")
	if err := errors.Join(os.WriteFile(program, []byte(scriptAnswerPy), 0o600), os.WriteFile(asked, question, 0o600)); err != nil {
		return nil, sample{}, err
	}
	taken, err = s.watch(func() (sample, error) {
		began := time.Now()
		copied, err := s.copyOut(ctx, dir, schema, scriptCopySQL, map[string]int64{
			"sessions_from": key(q.From - q.Lookback), "activities_from": key(q.From - 2*q.Lookback),
			"day_from": key(q.From), "day_until": q.Until, "until": q.AsOf})
		if err != nil {
			return copied, err
		}
		counted, err := child(ctx, nil, "", s.python, program, asked)
		counted.took, counted.cpu = time.Since(began), counted.cpu+copied.cpu
		return counted, err
	})
	if err != nil {
		return nil, taken, err
	}
	for d := json.NewDecoder(bytes.NewReader(taken.stdout)); ; {
		var p judge.Peak
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return peaks, taken, nil
		} else if err != nil {
			return nil, taken, fmt.Errorf("read what the script printed: %w", err)
		}
		peaks = append(peaks, p)
	}
}
