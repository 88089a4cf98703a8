package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/calendar"
	"seats/internal/must"
)

const termFile = `
globals: {production_date: 2026-01-01}
tenants:
  acme:
    export_dir: x
    production_date: 2026-02-01
    until: 2026-03-31
    regions:
      US: {enabled: false, locations: {dallas: {switches: [S1]}}}
      EU: {until: 2026-03-15, enabled: true, locations: {london: {switches: [S2]}}}
  beta: {export_dir: x, enabled: false, regions: {US: {locations: {all: {}}}}}
`

func day(t *testing.T, text string) calendar.Date { return must.Have(calendar.ParseDate(text))(t) }

func TestTerm(t *testing.T) {
	cfg := load(t, termFile)
	acme, beta := cfg.Tenants[0], cfg.Tenants[1]
	require.Equal(t, day(t, "2026-02-01"), acme.ProductionDate, "its own")
	require.Equal(t, day(t, "2026-01-01"), beta.ProductionDate, "of globals")

	require.True(t, acme.Holds(day(t, "2026-03-31")), "the last day")
	require.False(t, acme.Holds(day(t, "2026-04-01")))
	require.False(t, beta.Holds(day(t, "2026-03-31")))
	us, eu := acme.Regions[0], acme.Regions[1]
	require.False(t, us.Holds(day(t, "2026-01-01")))
	require.True(t, eu.Holds(day(t, "2026-03-15")))
	require.False(t, eu.Holds(day(t, "2026-03-16")))
}

// What is billed is not how it is counted: nothing has to be computed again when a region ends.
func TestTermIsNoCountingRule(t *testing.T) {
	ended := replace(t, rulesFile, "EU: {", "EU: {until: 2026-03-15, ")
	require.Equal(t, load(t, rulesFile).Tenants[0].RulesHash(), load(t, replace(t, ended, "US: {", "US: {enabled: false, ")).Tenants[0].RulesHash())
}

// What was agreed on is held against the peaks on pages, and counts nothing.
func TestCommittedIsNoCountingRule(t *testing.T) {
	agreed := load(t, replace(t, rulesFile, "EU: {", "EU: {committed: 12, ")).Tenants[0]
	require.Equal(t, load(t, rulesFile).Tenants[0].RulesHash(), agreed.RulesHash())
	committed := map[string]int64{}
	for _, r := range agreed.Regions {
		committed[r.Name] = r.Committed
	}
	require.Equal(t, map[string]int64{"US": 0, "EU": 12}, committed)
}
