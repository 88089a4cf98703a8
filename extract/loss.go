package extract

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"seats/internal/calendar"
	"seats/internal/duck"
	"seats/internal/fail"
)

// tolerated is the share of a slice's sessions, activities or agents, in percent, that a source may have lost since
// they were read. GIM corrects rows but hardly ever takes one back: a source that lacks more has been purged, or is
// another one, and the store may hold the only copy. A single row of a small slice is no sign of that.
const tolerated = 10

// Loss is what a source no longer has of one kind of row that the store holds of a day.
type Loss struct {
	What  string // sessions, activities or agents
	Held  int64  // in the store, or counted by it before its rows were dropped
	Lost  int64  // of these, in the source no more
	Found int64  // in the source now
}

func (l Loss) tolerable() bool {
	return l.Lost == 0 || l.Found > 0 && l.Lost <= max(1, l.Held*tolerated/100)
}

func (l Loss) String() string {
	if l.Found == 0 {
		return fmt.Sprintf("%d %s, the source none", l.Held, l.What)
	}
	return fmt.Sprintf("%d %s, the source %d and %d of them no more", l.Held, l.What, l.Found, l.Lost)
}

// LossError: the source lacks more of a day than corrections explain. The slice that the store holds is kept.
type LossError struct {
	Day    calendar.Date
	Losses []Loss // those that are not tolerated
}

func (e *LossError) Error() string {
	return fmt.Sprintf("%s: has it purged them?", inWords(e.Day, e.Losses))
}

func inWords(day calendar.Date, losses []Loss) string {
	var words []string
	for _, l := range losses {
		words = append(words, l.String())
	}
	return fmt.Sprintf("of %s the store holds %s", day, strings.Join(words, "; "))
}

// losses compares the new slice with the old one, or, where none was held, with the numbers of one whose rows were dropped; and
// refuses to lose more than is tolerated unless that was asked for. It returns what was lost beyond that.
func (c *cut) losses(ctx context.Context, held bool) ([]Loss, error) {
	statement, kept, it := "slice/loss_of_dropped", "the numbers are kept", "them"
	if held {
		statement, kept, it = "slice/loss", "the slice is kept, and can be computed and reported", "it"
	}
	var losses []Loss
	err := duck.Each(ctx, c.tx, statement, func(scan func(...any) error) error {
		var l Loss
		err := scan(&l.What, &l.Held, &l.Lost, &l.Found)
		if !l.tolerable() {
			losses = append(losses, l)
		}
		return err
	}, sql.Named("day", c.w.Day.String()))
	if err != nil || len(losses) == 0 || c.AcceptLoss {
		return losses, err
	}
	return nil, fail.New(fail.Source, kept+"; only if the source is right and the store wrong, replace "+it+" with --accept-loss",
		"%w", &LossError{Day: c.w.Day, Losses: losses})
}
