package explain

import (
	"fmt"

	"seats/internal/config"
)

// Decision says why an activity leads to its location (R5).
type Decision string

// The decisions.
const (
	Listed   Decision = "listed switch"
	Unlisted Decision = "default: switch not listed"
	Unknown  Decision = "default: switch unknown"
)

// toldBy is the decision on a switch that another leg of the login told, since the activities know none.
func (d Decision) toldBy(leg Activity) Decision {
	return Decision(fmt.Sprintf("%s (%s, told by leg %d of the same login)", d, leg.Switch, leg.Key.ID))
}

// place is a location of a region.
type place struct{ region, location string }

func (p place) String() string { return p.region + "/" + p.location }

// places knows where switches lead.
type places struct {
	bySwitch  map[string]place
	byDefault *place
}

func placesOf(t config.Tenant) places {
	p := places{bySwitch: map[string]place{}}
	for _, r := range t.Regions {
		for _, l := range r.Locations {
			for _, name := range l.Switches {
				p.bySwitch[name] = place{r.Name, l.Name}
			}
			if len(l.Switches) == 0 {
				p.byDefault = &place{r.Name, l.Name}
			}
		}
	}
	return p
}

// decide finds the place of a switch, "" for an unknown one; nil where there is none.
func (p places) decide(switchName string) (*place, Decision) {
	if switchName == "" {
		return p.byDefault, Unknown
	}
	if at, listed := p.bySwitch[switchName]; listed {
		return &at, Listed
	}
	return p.byDefault, Unlisted
}
