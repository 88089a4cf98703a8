package config

import (
	"strings"
	"time"
)

// zone returns the time zone given by its IANA name, or else fallback.
//
// The machine's zone files are looked at first, as they may be newer than the
// program, and then those that the program carries.
func (v value) zone(fallback *time.Location) *time.Location {
	name, ok := v.filledText()
	if !ok {
		return fallback
	}
	// Local and localtime are another zone on every machine; right/... counts
	// leap seconds, which epoch seconds do not.
	if name != "Local" && name != "localtime" && !strings.HasPrefix(name, "right/") {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone
		}
	}
	v.problem("is no time zone", "an IANA name such as America/New_York")
	return fallback
}
