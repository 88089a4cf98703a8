package extract_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/extract"
)

// What a slice keeps beside its own rows, from either source: the sessions in which activities without an end started, and the legs that
// tell the switch of logins whose activities know none.
func TestR3R5WhatASliceKeepsBesideItsRows(t *testing.T) {
	eachSource(t, func(g *gim) {
		// R3. Agent 1: her session of the day before has ended what she never closed then, but for one leg whose session reaches into the day.
		g.session(1, 1, 1, day0-40*3600, day0-39*3600, 0, 1)
		g.session(2, 1, 1, day0-3*3600, day0-1800, 0, 1)
		g.session(3, 1, 1, day0-3600, day0+600, 0, 1)
		g.session(4, 1, 1, day0+3600, day0+7200, 0, 1)
		g.leg(1, 1, 10, day0-39*3600-100, -1, "g1") // in session 1 alone
		g.leg(2, 1, 10, day0-2*3600, -1, "g2")      // in session 2, which shares a second with session 3
		g.leg(3, 1, 10, day0+3700, -1, "g3")        // in session 4
		g.attempt(1, 1, 3, day0-38*3600, -1)        // in none
		// R5. Agent 2: previews alone in session 5, and a leg that knows its switch beside a preview in session 6.
		g.session(5, 2, 1, day0+1000, day0+5000, 0, 1)
		g.session(6, 2, 1, day0+6000, day0+9000, 0, 1)
		g.attempt(2, 2, 3, day0+1100, day0+1200)
		g.attempt(3, 2, 3, day0+6100, day0+6200)
		g.leg(10, 2, 10, day0+6300, day0+6400, "g10")
		g.leg(11, 2, 10, day0+6500, day0+6600, "") // tells what is known
		g.leg(12, 2, 11, day0+1300, day0+1400, "") // on an unknown switch
		g.leg(13, 2, 10, day0+500, day0+1001, "")  // the earliest that tells
		g.leg(14, 2, 10, day0+1500, day0+1600, "") // a later one on the same switch
		g.leg(15, 2, 13, day0+1700, day0+1800, "") // the earliest on another
		g.leg(16, 2, 13, day0+500, day0+1000, "")  // ends as session 5 begins
		g.leg(17, 3, 10, day0+1300, day0+1400, "") // of somebody else
		g.session(7, 3, 1, day0-50*3600, day0-7300, 0, 1)
		g.session(8, 3, 1, day0-7200, day0+500, 0, 1)
		g.attempt(4, 3, 3, day0+100, day0+200)
		g.leg(18, 3, 13, day0-7250, -1, "") // never closed, began in no session
		g.leg(19, 3, 10, day0-7400, -1, "") // never closed, ended with session 7
		g.db.Exec(g.t, "insert into resource_ (resource_key, resource_type_code, resource_name, switch_name) values (13, 'ENDPOINT', 'dn', 'SIP_B')")
	}, func(t *testing.T, r *rig, _ extract.Summary) {
		require.Equal(t, []string{"leg 2", "leg 3", "leg 10", "preview 1", "preview 2", "preview 3", "preview 4"},
			r.strings(t, "select kind || ' ' || activity_key from ocs_activity order by kind, activity_key"))
		require.Equal(t, []string{"2"}, r.strings(t, "select sm_res_session_fact_key from other_session order by 1"))
		require.Equal(t, []string{"13 SIP_A", "15 SIP_B", "18 SIP_B"}, r.strings(t, "select activity_key || ' ' || switch_name from other_leg order by activity_key"))
	})
}

// A day without any of it keeps nothing, and its hash is that of versions before.
func TestASliceWithNothingBesideHasTheHashThatItHad(t *testing.T) {
	eachSource(t, func(g *gim) {
		g.session(1, 1, 1, day0+1000, day0+5000, 0, 1)
		g.leg(1, 1, 10, day0+1100, day0+1200, "g1")
	}, func(t *testing.T, r *rig, s extract.Summary) {
		require.Equal(t, []string{"0"}, r.strings(t, "select (select count(*) from other_leg) + (select count(*) from other_session)"))
		require.Equal(t, "cd2ed2f2b2d59586406814ec3ca0ccd9f03ff2741981b21ce629fd2e683f6533", s.SHA256)
	})
}

// All resources of the slice's people are kept, and of nobody else.
func TestR6ASliceKnowsAllResourcesOfItsPeople(t *testing.T) {
	eachSource(t, func(g *gim) {
		g.db.Exec(g.t, `insert into resource_ (resource_key, resource_type_code, resource_name, employee_id) values
			(21, 'AGENT', 'TEST_a1', 'E1'), (22, 'AGENT', 'x', 'E9'), (23, 'AGENT', 'y', null), (24, 'QUEUE', 'TEST_q', 'E1'), (25, 'AGENT', 'z', '')`)
		g.session(1, 1, 1, day0+1000, day0+5000, 0, 1)
		g.session(2, 3, 1, day0+1000, day0+5000, 0, 1) // without an employee_id
	}, func(t *testing.T, r *rig, _ extract.Summary) {
		require.Equal(t, []string{"1 a1", "3 a3", "21 TEST_a1"}, r.strings(t, "select resource_key || ' ' || resource_name from agent order by resource_key"))
	})
}
