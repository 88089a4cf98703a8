package draft

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"seats/internal/calendar"
	"seats/internal/duck"
)

// Traffic is what went over the switches of a GIM in some days.
type Traffic struct {
	From, To string // the days, YYYY-MM-DD; empty: nobody looked
	Switches []Switch
	Unknown  *Switch // of the sessions that have no known switch; nil: there are none
}

// Switch is what went over one: sessions that qualify there (R4), agents of these, activities.
type Switch struct {
	Name                         string
	Sessions, Agents, Activities int64
}

// Find looks at the days of a store, which has nothing but slices in it.
func Find(ctx context.Context, q duck.Queryer, days []calendar.Date) (Traffic, error) {
	t := Traffic{From: days[0].String(), To: days[len(days)-1].String()}
	err := duck.Each(ctx, q, "ask/draft_switch", func(scan func(...any) error) error {
		var name *string
		var s Switch
		if err := scan(&name, &s.Sessions, &s.Agents, &s.Activities); err != nil {
			return err
		}
		if name == nil {
			t.Unknown = &s
			return nil
		}
		s.Name = *name
		t.Switches = append(t.Switches, s)
		return nil
	})
	return t, err
}

// location is proposed for switches.
type location struct {
	Name     string
	Switches []Switch
}

var numberAtEnd = regexp.MustCompile(`[^A-Za-z0-9]*[0-9]+$`)

// locations puts switches whose names differ in a number at the end into one location, in the order of their names.
func locations(switches []Switch, taken map[string]bool) (all []location) {
	at := map[string]int{}
	for _, s := range switches {
		stem := cmp.Or(numberAtEnd.ReplaceAllString(s.Name, ""), s.Name)
		i, known := at[stem]
		if !known {
			i = len(all)
			at[stem] = i
			all = append(all, location{Name: stem})
		}
		all[i].Switches = append(all[i].Switches, s)
	}
	for i := range all {
		if len(all[i].Switches) == 1 {
			all[i].Name = all[i].Switches[0].Name
		}
		all[i].Name = named(all[i].Name, taken)
	}
	return all
}

var noLetter = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// named is the name of a location, like the text and like no other.
func named(text string, taken map[string]bool) string {
	const longest = 50 // of 63, so that a number can follow
	name := strings.TrimLeft(noLetter.ReplaceAllString(text, "_"), "_-")
	name = name[:min(len(name), longest)]
	name = cmp.Or(name, "location")
	unique := name
	for n := 2; taken[strings.ToLower(unique)]; n++ {
		unique = fmt.Sprintf("%s-%d", name, n)
	}
	taken[strings.ToLower(unique)] = true
	return unique
}
