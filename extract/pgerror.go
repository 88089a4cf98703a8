package extract

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5/pgconn"

	"seats/internal/config"
	"seats/internal/fail"
	texts "seats/sql"
)

// locate shows a failed statement's file, line and caret, where the server says where it failed.
func locate(err error, name string) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return fmt.Errorf("run sql/%s: %w", name, err)
	}
	text := []rune(texts.Text(name))
	if pg.Position < 1 || int(pg.Position) > len(text)+1 {
		return fmt.Errorf("run sql/%s: %w", name, err)
	}
	before := string(text[:pg.Position-1])
	line := strings.Count(before, "\n")
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	source := strings.Split(string(text), "\n")[line]
	return fmt.Errorf("run sql/%s:%d: %w\n%s\n%s^", name, line+1, err, source, strings.Repeat(" ", column))
}

// explainPG gives an error of connecting the exit code of a failed source, and a hint by SQLSTATE.
func explainPG(err error, cfg config.GIMDB) error {
	if err == nil || fail.CodeOf(err) != fail.Other || errors.Is(err, context.Canceled) {
		return err
	}
	hint := "is the host right, the server up, and the way there open?"
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		hint = hintFor(pg, cfg)
	}
	return fail.New(fail.Source, hint, "%s: %w", sourceName(cfg), err)
}

func hintFor(pg *pgconn.PgError, cfg config.GIMDB) string {
	switch {
	case strings.HasPrefix(pg.Code, "28"):
		return "check gimdb.user, its password and the server's pg_hba.conf"
	case pg.Code == "3D000":
		return "check gimdb.database"
	case pg.Code == "42501":
		return fmt.Sprintf("user %s lacks a right: see `seats check`", cfg.User)
	default:
		return "see `seats check`"
	}
}

// explainRead gives an error of reading the exit code of a failed source, unless it is one of storing what was read.
func explainRead(err error, source string) error {
	var local *duckdb.Error
	if err == nil || fail.CodeOf(err) != fail.Other || errors.Is(err, context.Canceled) || errors.As(err, &local) {
		return err
	}
	hint := "nothing was changed; run again when the source answers"
	var pg *pgconn.PgError
	switch {
	case !errors.As(err, &pg):
	case pg.Code == "57014":
		hint = "the source needed longer than gimdb.statement_timeout, or somebody cancelled the statement"
	case pg.Code == "22P05" || pg.Code == "22021": // untranslatable_character, character_not_in_repertoire
		hint = "the database holds a character that its server cannot put into UTF-8: correct it there"
	}
	return fail.New(fail.Source, hint, "%s: %w", source, err)
}
