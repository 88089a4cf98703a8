package compute

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"seats/internal/calendar"
	"seats/internal/config"
)

func (c *testCase) readDay(words []string) error {
	c.days = nil
	for _, word := range words {
		day, err := calendar.ParseDate(word)
		if err != nil {
			return err
		}
		c.days = append(c.days, day)
	}
	return nil
}

func (c *testCase) readMonth(words []string) error {
	month, err := calendar.ParseMonth(words[0])
	c.month, c.days = &month, month.Days()
	return err
}

func (c *testCase) readTimes(words []string) (err error) {
	c.zone, err = time.LoadLocation(words[0])
	return err
}

func (c *testCase) readAsOf(words []string) (err error) {
	c.asOf, _, err = c.instant(words)
	return err
}

func (c *testCase) readSessionEnd(words []string) error {
	c.tenant.SessionEnd = config.SessionEnd(words[0])
	return nil
}

func (c *testCase) readExclude(words []string) error {
	c.tenant.ExcludeAgents = append(c.tenant.ExcludeAgents, words...)
	return nil
}

// readRegion: region US [zone America/New_York]
func (c *testCase) readRegion(words []string) error {
	region := config.Region{Name: words[0], Zone: time.UTC}
	if len(words) == 3 && words[1] == "zone" {
		zone, err := time.LoadLocation(words[2])
		if err != nil {
			return err
		}
		region.Zone = zone
	}
	c.tenant.Regions = append(c.tenant.Regions, region)
	return nil
}

// readLocation: location dallas [switches SIP_1 SIP_2], of the region above it
func (c *testCase) readLocation(words []string) error {
	if len(c.tenant.Regions) == 0 {
		return fmt.Errorf("a location needs a region above it")
	}
	location := config.Location{Name: words[0]}
	if len(words) > 2 && words[1] == "switches" {
		location.Switches = words[2:]
	}
	region := &c.tenant.Regions[len(c.tenant.Regions)-1]
	region.Locations = append(region.Locations, location)
	return nil
}

// readAgent: agent WORD [key 900] [employee e17|none] [name Bob|none]
func (c *testCase) readAgent(words []string) error {
	c.resource(words[0])
	r := &c.rows.resources[len(c.rows.resources)-1]
	for rest := words[1:]; len(rest) > 1; rest = rest[2:] {
		value := rest[1]
		if value == "none" {
			value = ""
		}
		switch rest[0] {
		case "employee":
			r.employee = value
		case "name":
			r.name = value
		case "key":
			key, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return err
			}
			r.key = key
		default:
			return fmt.Errorf("unknown word %q", rest[0])
		}
	}
	return nil
}

func (c *testCase) readSession(words []string) error {
	key := c.resource(words[0])
	row, rest, err := c.span(words[1:])
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("read session: %w %v", err, rest)
	}
	row.key, row.resource = int64(len(c.rows.sessions)+1), key
	c.rows.sessions = append(c.rows.sessions, row)
	return nil
}

func (c *testCase) readLeg(words []string) error {
	return c.readActivity("leg", words, &c.rows.activities)
}

func (c *testCase) readPreview(words []string) error {
	return c.readActivity("preview", words, &c.rows.activities)
}

func (c *testCase) readCall(words []string) error {
	return c.readActivity("leg", words, &c.rows.calls)
}

// readActivity: leg WORD FROM to UNTIL [on SWITCH] [guid GUID]
func (c *testCase) readActivity(kind string, words []string, into *[]activityRow) error {
	key := c.resource(words[0])
	row, rest, err := c.span(words[1:])
	if err != nil {
		return err
	}
	a := activityRow{sessionRow: row, kind: kind}
	for ; len(rest) > 1; rest = rest[2:] {
		switch rest[0] {
		case "on":
			a.switchName = rest[1]
		case "guid":
			a.guid = rest[1]
		default:
			return fmt.Errorf("unknown word %q", rest[0])
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("left over: %v", rest)
	}
	a.key, a.resource = int64(len(c.rows.activities)+len(c.rows.calls)+1), key
	*into = append(*into, a)
	return nil
}

// readDefaultGUID: default_guid GUID
func (c *testCase) readDefaultGUID(words []string) error {
	c.rows.defaultGUIDs = append(c.rows.defaultGUIDs, words...)
	return nil
}

// readLookback: lookback HOURS
func (c *testCase) readLookback(words []string) error {
	hours, err := strconv.ParseInt(words[0], 10, 64)
	c.rows.lookback = hours * 3600
	return err
}

// readDuplicate: duplicate TABLE KEY
func (c *testCase) readDuplicate(words []string) error {
	c.rows.duplicates = append(c.rows.duplicates, strings.Join(words, " "))
	return nil
}
