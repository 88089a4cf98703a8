package main

import (
	"errors"
	"slices"
	"time"

	"seats/cmd/seats/audit"
	"seats/cmd/seats/job"
	"seats/cmd/seats/watch"
	"seats/internal/calendar"
	"seats/internal/config"
	"seats/internal/fail"
)

// periodFlags choose the days of a command.
type periodFlags struct {
	Date  given `help:"One day; default ${default_period}." placeholder:"YYYY-MM-DD" xor:"period"`
	From  given `help:"First day of several, with --to." placeholder:"YYYY-MM-DD" and:"span" xor:"period,month"`
	To    given `help:"Last day of several." placeholder:"YYYY-MM-DD" and:"span"`
	Month given `help:"A calendar month, and its enabled agents." placeholder:"YYYY-MM" xor:"period"`
}

// given is a flag's text. An empty one, as an unset variable of a script gives it, is no text: it would
// silently mean the default.
type given string

// UnmarshalText refuses an empty text.
func (g *given) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("it is empty")
	}
	*g = given(text)
	return nil
}

// parsed is what the text of a flag says.
func parsed[T any](flag string, text given, parse func(string) (T, error)) (T, error) {
	read, err := parse(string(text))
	if err != nil {
		return read, usageError("%s: %w", flag, err)
	}
	return read, nil
}

// period is what a command covers for one tenant.
type period struct {
	days    []calendar.Date
	months  []calendar.Month // whose enabled agents are wanted
	whole   bool             // the month itself was asked for: missing days are an error, not a remark
	running bool             // the month asked for is not over yet
	cut     bool             // the tenant's last day came before the end
}

// resolve turns the flags into a tenant's days. Only days that have begun in the tenant's zone are covered.
func (f periodFlags) resolve(t config.Tenant, now time.Time) (period, error) {
	today := calendar.DateOf(now, t.Zone)
	switch {
	case f.Month != "":
		m, err := parsed("--month", f.Month, calendar.ParseMonth)
		if err != nil {
			return period{}, err
		}
		return monthPeriod(m, t, today, now)
	case f.From != "":
		return f.span(today)
	case f.Date != "":
		d, err := parsed("--date", f.Date, calendar.ParseDate)
		if err != nil {
			return period{}, err
		}
		return daysPeriod(d, d, today)
	default:
		newest := lastEnded(t, now)
		return daysPeriod(newest, newest, today)
	}
}

// lastEnded is the newest day that has ended in every region of a tenant (R7).
func lastEnded(t config.Tenant, now time.Time) calendar.Date {
	day := calendar.DateOf(now, t.Zone)
	for now.Unix() < watch.End(t, day) || isSkipped(t, day) {
		day = day.AddDays(-1)
	}
	return day
}

// isSkipped tells whether no region has the day.
func isSkipped(t config.Tenant, day calendar.Date) bool { return len(job.Window(t, day).Spans) == 0 }

// periodOrAll is the days from the first to the last that the flags ask for; everything where they ask for nothing.
func (f periodFlags) periodOrAll(t config.Tenant, now time.Time) (audit.Period, error) {
	if f == (periodFlags{}) {
		return audit.Period{}, nil
	}
	p, err := f.resolve(t, now)
	if err != nil {
		return audit.Period{}, err
	}
	return audit.Period{From: p.days[0], To: p.days[len(p.days)-1]}, nil
}

func (f periodFlags) span(today calendar.Date) (period, error) {
	from, err := parsed("--from", f.From, calendar.ParseDate)
	if err != nil {
		return period{}, err
	}
	to, err := parsed("--to", f.To, calendar.ParseDate)
	if err != nil {
		return period{}, err
	}
	if to.Before(from) {
		return period{}, usageError("--to %s lies before --from %s", to, from)
	}
	return daysPeriod(from, to, today)
}

// daysPeriod covers days, and the months whose last day is among them.
func daysPeriod(from, to, today calendar.Date) (period, error) {
	if today.Before(to) {
		return period{}, usageError("%s has not begun yet", to)
	}
	var p period
	for d := from; !to.Before(d); d = d.AddDays(1) {
		p.days = append(p.days, d)
		if d == d.YearMonth().Last() {
			p.months = append(p.months, d.YearMonth())
		}
	}
	return p, nil
}

// monthPeriod covers every day of the month that has begun; the month itself once it is over in every region.
func monthPeriod(m calendar.Month, t config.Tenant, today calendar.Date, now time.Time) (period, error) {
	if today.Before(m.First()) {
		return period{}, usageError("%s has not begun yet", m)
	}
	p := period{whole: true, running: true}
	for _, d := range m.Days() {
		if !today.Before(d) {
			p.days = append(p.days, d)
		}
	}
	for _, r := range t.Regions {
		if r.HoldsIn(m) && now.Unix() < r.LastIn(m).In(r.Zone).End {
			return p, nil
		}
	}
	p.running = false
	p.months = []calendar.Month{m}
	return p, nil
}

// sincePeriod covers every day from the first one that is billed up to the newest that has ended, none where that is still to
// come.
func sincePeriod(first, newest calendar.Date) (period, error) {
	if newest.Before(first) {
		return period{}, nil
	}
	return daysPeriod(first, newest, newest)
}

// within leaves out the days after the tenant's last one, with which its last month is over, and among several those that no
// region has.
func (p period) within(t config.Tenant) period {
	asked := len(p.days)
	p.days = slices.DeleteFunc(p.days, t.EndedBefore)
	p.cut = len(p.days) < asked
	if len(p.days) > 1 {
		p.days = slices.DeleteFunc(p.days, func(d calendar.Date) bool { return isSkipped(t, d) })
	}
	p.months = slices.DeleteFunc(p.months, func(m calendar.Month) bool { return t.EndedBefore(m.First()) })
	if last := t.Until.YearMonth(); slices.Contains(p.days, t.Until) && !slices.Contains(p.months, last) && !p.running {
		p.months = append(p.months, last)
	}
	return p
}

func usageError(format string, args ...any) error {
	return fail.New(fail.Usage, "", format, args...)
}
