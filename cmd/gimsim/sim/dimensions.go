package sim

import (
	"fmt"
	"time"
)

// dimensions writes what does not depend on agents, and how far GIM has read.
func (s *Simulation) dimensions(b *batch) {
	put := func(t table, fields ...any) { b.putCells(t, always, fields...) }
	for n := range s.Tenants {
		put(tenantTable, n+1, fmt.Sprintf("tenant %d", n+1))
	}
	// Names are in a language of the site's choice: only the codes are stable.
	put(mediaTypeTable, mediaVoice, "Sprache", "VOICE", 1)
	put(mediaTypeTable, mediaEmail, "E-Mail", "EMAIL", 0)
	put(mediaTypeTable, mediaChat, "Chat", "CHAT", 1)
	put(mediaTypeTable, unknownKey, "unbekannt", "UNKNOWN", 0)
	put(mediaTypeTable, noValueKey, "kein Wert", "NO_VALUE", 0)
	put(dialingModeTable, modePredictive, "vorausschauend", "PREDICTIVE")
	put(dialingModeTable, modeProgressive, "fortlaufend", "PROGRESSIVE")
	put(dialingModeTable, modePreview, "Vorschau", "PREVIEW")
	put(dialingModeTable, modePushPreview, "Vorschau (zugestellt)", "PUSH_PREVIEW")
	put(dialingModeTable, unknownKey, "unbekannt", "UNKNOWN")
	put(dialingModeTable, noValueKey, "kein Wert", "NO_VALUE")
	resources := []resource{ // those that belong to no agent
		{key: unknownKey, tenant: unknownKey, typeName: "unbekannt", typeCode: "UNKNOWN", name: "UNKNOWN"},
		{key: noValueKey, tenant: noValueKey, typeName: "kein", typeCode: "NONE", name: "NO_VALUE", comment: "several\nlines, and a \"quote\""},
		dn(labDN, 1, "SIP_LAB"), dn(switchlessDN, 1, ""),
	}
	for i, sw := range s.Switches {
		resources = append(resources, resource{key: int64(queueBase + i), tenant: 1, typeName: "Warteschlange", typeCode: "QUEUE",
			subtype: "ACD", name: "VQ_" + sw.Name, switchName: sw.Name})
	}
	for _, r := range resources {
		b.put(resourceTable, state{always, r})
	}
	s.groups(b)
	s.extractHistory(b)
}

func dn(key, tenant int64, switchName string) resource {
	return resource{key: key, tenant: tenant, typeName: "Anschluss", typeCode: "ENDPOINT", subtype: "EXTENSION",
		name: fmt.Sprintf("%d", 20000+key), switchName: switchName}
}

var (
	firstNames = []string{"Ann", "Zoë", "Luc", "Mary Jo", "Ravi", "Siân", "Tom", "François"}
	lastNames  = []string{"Miller", "O'Brien", "Müller, jr.", "Dubois", `Lee "Ace"`, "Iyer", "Nuñez", "Smith"}
)

// resources writes an agent's rows of resource_: the person, under one key or two, and the DNs.
func (s *Simulation) resources(b *batch, index int64) {
	a := s.agent(index)
	person := resource{
		key: a.key + ownKey, tenant: a.tenant, typeName: "Vermittler", typeCode: "AGENT", subtype: "AGENT",
		name: a.userName, employee: a.employee, comment: "since 2019, part-time",
		firstName: firstNames[index%int64(len(firstNames))], lastName: lastNames[index/3%int64(len(lastNames))],
	}
	states := []state{{always, person}}
	if a.renamed { // seen in the increment after half of the time
		married := person
		married.lastName = "Smith-Jones"
		states = append(states, state{s.From.Unix()/2 + s.highWater/2, married})
	}
	b.put(resourceTable, states...)
	if a.twoKeys {
		person.key = a.key + secondKey
		b.put(resourceTable, state{always, person})
	}
	b.put(resourceTable, state{always, dn(a.key+homeDN, a.tenant, s.Switches[a.home].Name)})
	if a.roaming {
		b.put(resourceTable, state{always, dn(a.key+awayDN, a.tenant, s.Switches[a.away].Name)})
	}
}

var groupNames = []string{"Outbound North", "Retention, evenings", "Équipe Paris", "Collections"}

// groups writes the agent groups, and their combinations: each group by itself, and with the next one.
func (s *Simulation) groups(b *batch) {
	n := int64(s.Groups)
	if n == 0 {
		return
	}
	put := func(combination int64, of ...int64) {
		for _, g := range of {
			b.putCells(combinationTable, always, combination, g, 1)
		}
	}
	b.putCells(groupTable, always, unknownKey, unknownKey, "UNKNOWN")
	put(unknownKey, unknownKey)
	b.putCells(groupTable, always, noValueKey, noValueKey, "NO_VALUE")
	put(noValueKey, noValueKey)
	for g := range n {
		name := groupNames[g%int64(len(groupNames))]
		if g >= int64(len(groupNames)) {
			name += fmt.Sprintf(" %d", 1+g/int64(len(groupNames)))
		}
		b.putCells(groupTable, always, 1+g, 1, name)
		put(1+g, 1+g)
		if n > 1 {
			put(1+n+g, 1+g, 1+(g+1)%n)
		}
	}
}

// combination is that of the groups that an agent is in on a day: mostly the same from day to day, but now and then she helps
// out elsewhere.
func (s *Simulation) combination(agent, day int64) int64 {
	n := int64(s.Groups)
	if n == 0 {
		return noValueKey
	}
	d := s.dice(forGroups, agent, 0)
	if lent := s.dice(forGroups, agent, day+1); lent.chance(0.05) {
		d = lent
	}
	first, fate := d.Int64N(n), d.Int64N(million)
	switch {
	case fate < parts(0.1):
		return noValueKey
	case fate < parts(0.3) && n > 1:
		return 1 + n + first
	}
	return 1 + first
}

// Types of data sources of ctl_extract_history.
const (
	tServer           = 1
	interactionServer = 2
	outboundServer    = 3
	configServer      = 4
)

// serverTime writes a time as the GIM server's clock on the wall shows it: five hours behind UTC, which the column does not say.
func serverTime(at int64) string {
	return time.Unix(at-5*3600, 0).UTC().Format("2006-01-02 15:04:05.000")
}

// extractHistory writes how far GIM has read each source at each cut, and a few cycles before. Of the sources of type 1 and 3 the
// slowest is exactly at the cut: the T-Server of the first switch. Others are ahead of it by a little, and those of the types
// that do not matter are far behind. All of it is transformed some minutes later; but for one cycle more, which ran ahead: its
// transformation has begun and not ended.
func (s *Simulation) extractHistory(b *batch) {
	for _, cut := range b.cuts {
		d := s.dice(forExtract, cut, 0)
		for cycle := int64(3); cycle >= -1; cycle-- {
			at := cut - cycle*900
			since, done := min(at, cut), at+120
			// How far one cycle read one table of one source.
			put := func(table string, source, kind, reached int64) {
				b.putCells(extractTable, since, table, source, kind, d.between(1, 9999), serverTime(reached), reached, 10+kind, 1, 1,
					serverTime(done-60), serverTime(done), fmt.Sprintf("job-%d", done), "Job_ExtractICON", "8.5.015", "dap_icon", AuditKey(since), done)
			}
			for i := range s.Switches {
				ahead := int64(0)
				if i > 0 {
					ahead = d.between(1, 600)
				}
				put("G_CALL", int64(101+i), tServer, at+ahead)
				put("G_PARTY", int64(101+i), tServer, at+ahead-d.between(1, 30))
			}
			put("G_IR", 201, interactionServer, at-7200)
			put("GO_CHAIN", 301, outboundServer, at+d.between(1, 600))
			put("GO_CAMPAIGN", 301, outboundServer, at-d.between(3600, 36000))
			put("GC_AGENT", 401, configServer, s.From.Unix()-30*86400)
			for _, table := range []string{"G_CALL", "G_PARTY", "G_IR", "GO_CHAIN", "GO_CAMPAIGN"} {
				began, ended := at+180, serverTime(at+480)
				if cycle < 0 {
					ended = ""
				}
				b.putCells(transformTable, since, fmt.Sprintf("job-%d", began), "8.5.015", table, AuditKey(since), "", serverTime(began), ended,
					d.between(1, 9999), began, AuditKey(since))
			}
		}
	}
}
