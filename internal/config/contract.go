package config

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// Contract is what is agreed on for a region: how the quantity of a month comes of its seconds, and how much of it is committed.
type Contract struct {
	Name      string    `json:"contract"`
	Aggregate string    `json:"aggregate"`                          // AggregateMax, or p95, top_days, sustained, accumulated
	Parameter int64     `json:"parameter,omitzero"`                 // days of top_days; seconds of sustained and accumulated; 0 of the others
	Committed int64     `json:"committed,omitzero" key:"committed"` // agents; 0: not said
	AlertAt   []float64 `json:"alert_at"`                           // shares of Committed of which a run warns, ascending; none without Committed
}

// AggregateMax is the highest second of the month: that of which daily peaks say something.
const AggregateMax = "max"

// contracts reads those of a region. What is committed for itself is one more contract, and stands before others of its kind where
// peaks are held against one number.
func (v value) contracts(r *Region) {
	short := v.get("committed")
	for _, e := range v.get("contracts").named("contract", false) {
		c := e.fields().contract(e.key)
		if c.Name == short.key && short.given() {
			e.complain("is also the contract that committed makes", "give one of the two, or this one another name")
		}
		r.Contracts = append(r.Contracts, c)
	}
	if short.given() {
		r.Contracts = append(r.Contracts, Contract{Name: short.key, Aggregate: AggregateMax, Committed: r.Committed})
	}
	for _, c := range r.Contracts {
		if c.Aggregate == AggregateMax && r.Committed == 0 {
			r.Committed = c.Committed
		}
	}
}

func (v value) contract(name string) Contract {
	c := Contract{Name: name}
	v.fill(&c)
	if of := v.get("aggregate"); of.given() {
		c.aggregate(of)
	} else {
		v.complain("needs an aggregate", aggregates)
	}
	alerts := v.get("alert_at")
	for _, item := range alerts.items() {
		share := 0.0
		if !item.given() {
			item.complain("must not be empty", "")
		}
		parse(item, value.scalar, &share, parseShare, "must be a share above 0 and up to 10, of at most four decimals", "such as 0.8")
		if n := len(c.AlertAt); n > 0 && share <= c.AlertAt[n-1] && share > 0 {
			item.problem("must be more than the one before", "")
		}
		c.AlertAt = append(c.AlertAt, share)
	}
	if len(c.AlertAt) > 0 && !v.get("committed").given() {
		alerts.complain("there is nothing committed that these could be shares of", "")
	}
	return c
}

const aggregates = "max, p95, {top_days: 5}, {sustained: 15m} or {accumulated: 30m}"

// aggregate reads one that is a word, or a word and how many days or how long.
func (c *Contract) aggregate(v value) {
	if !v.is(kindMapping) {
		text, ok := v.anyText()
		if words := v.rule.words(); ok && !slices.Contains(words, text) {
			v.problem("must be one of "+aggregates, suggest(text, words))
		}
		c.Aggregate = text
		return
	}
	var given []value
	for _, of := range v.fields().byKey {
		given = append(given, of)
	}
	if len(given) != 1 || !given[0].given() {
		v.complain("must be one of "+aggregates, "")
		return
	}
	of := given[0]
	if c.Aggregate = of.key; of.key == "top_days" {
		c.Parameter, _ = of.integer()
		return
	}
	most := map[string]time.Duration{"sustained": 24 * time.Hour, "accumulated": 31 * 24 * time.Hour}[of.key]
	parse(of, value.scalar, &c.Parameter, secondsUpTo(most), "must be whole seconds such as 15m, up to "+strconv.Itoa(int(most.Hours()))+"h", "")
}

// secondsUpTo reads a duration of whole seconds.
func secondsUpTo(most time.Duration) func(string) (int64, error) {
	return func(text string) (int64, error) {
		d, err := time.ParseDuration(text)
		if err == nil && (d < time.Second || d > most || d%time.Second != 0) {
			err = strconv.ErrRange
		}
		return int64(d / time.Second), err
	}
}

// parseShare reads a decimal of so few places that whole agents can be held against it exactly.
func parseShare(text string) (float64, error) {
	share, err := strconv.ParseFloat(text, 64)
	if err == nil && (share <= 0 || share > 10 || math.Round(share*1e4)/1e4 != share) {
		err = strconv.ErrRange
	}
	return share, err
}
