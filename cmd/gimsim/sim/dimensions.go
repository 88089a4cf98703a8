package sim

import "fmt"

// cells is a row of a table that is small, field by field: integers and texts.
type cells []any

func (r cells) write(l *lines, _, _ int64) {
	for _, cell := range r {
		switch v := cell.(type) {
		case int:
			l.ints(int64(v))
		case int64:
			l.ints(v)
		case string:
			l.strings(v)
		}
	}
	l.end()
}

type resource struct {
	key, tenant                   int64
	typeName, typeCode, subtype   string
	name, firstName, lastName     string
	employee, switchName, comment string
}

func (r resource) write(l *lines, _, _ int64) {
	l.ints(r.key, r.tenant)
	l.extraInt(r.key + 7)
	l.strings(r.typeName, r.typeCode, r.subtype, r.name, r.firstName, r.lastName, r.employee, r.switchName)
	l.extraString(r.comment)
	l.end()
}

// always is since when rows are there that were there from the beginning.
const always = 0

// dimensions writes what does not depend on agents, and how far GIM has read.
func (s *Simulation) dimensions(b *Batch) {
	put := func(t Table, row ...any) { b.put(t, state{always, cells(row)}) }
	for n := range s.Tenants {
		put(Tenant, n+1, fmt.Sprintf("tenant %d", n+1))
	}
	// Names are in a language of the site's choice: only the codes are stable.
	put(MediaType, mediaVoice, "Sprache", "VOICE", 1)
	put(MediaType, mediaEmail, "E-Mail", "EMAIL", 0)
	put(MediaType, mediaChat, "Chat", "CHAT", 1)
	put(MediaType, unknownKey, "unbekannt", "UNKNOWN", 0)
	put(MediaType, noValueKey, "kein Wert", "NO_VALUE", 0)
	put(DialingMode, modePredictive, "vorausschauend", "PREDICTIVE")
	put(DialingMode, modeProgressive, "fortlaufend", "PROGRESSIVE")
	put(DialingMode, modePreview, "Vorschau", "PREVIEW")
	put(DialingMode, modePushPreview, "Vorschau (zugestellt)", "PUSH_PREVIEW")
	put(DialingMode, unknownKey, "unbekannt", "UNKNOWN")
	put(DialingMode, noValueKey, "kein Wert", "NO_VALUE")
	s.commonResources(b)
	s.groups(b)
	s.extractHistory(b)
}

// commonResources writes the rows of resource_ that belong to no agent.
func (s *Simulation) commonResources(b *Batch) {
	put := func(r resource) { b.put(Resource, state{always, r}) }
	put(resource{key: unknownKey, tenant: unknownKey, typeName: "unbekannt", typeCode: "UNKNOWN", name: "UNKNOWN"})
	put(resource{key: noValueKey, tenant: noValueKey, typeName: "kein", typeCode: "NONE", name: "NO_VALUE",
		comment: "several\nlines, and a \"quote\""})
	put(dn(labDN, 1, "SIP_LAB"))
	put(dn(switchlessDN, 1, ""))
	for i, sw := range s.Switches {
		put(resource{key: int64(queueBase + i), tenant: 1, typeName: "Warteschlange", typeCode: "QUEUE",
			subtype: "ACD", name: fmt.Sprintf("VQ_%s", sw.Name), switchName: sw.Name})
	}
}

func dn(key, tenant int64, switchName string) resource {
	return resource{key: key, tenant: tenant, typeName: "Anschluss", typeCode: "ENDPOINT", subtype: "EXTENSION",
		name: fmt.Sprintf("%d", 20000+key), switchName: switchName}
}

var (
	firstNames = []string{"Ann", "Zoë", "Luc", "Mary Jo", "Ravi", "Siân", "Tom", "François"}
	lastNames  = []string{"Miller", "O'Brien", "Müller, jr.", "Dubois", `Lee "Ace"`, "Iyer", "Nuñez", "Smith"}
)

// resources writes an agent's rows of resource_: the person, under one key or
// two, and the DNs.
func (s *Simulation) resources(b *Batch, index int64) {
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
	b.put(Resource, states...)
	if a.twoKeys {
		person.key = a.key + secondKey
		b.put(Resource, state{always, person})
	}
	b.put(Resource, state{always, dn(a.key+homeDN, a.tenant, s.Switches[a.home].Name)})
	if a.roaming {
		b.put(Resource, state{always, dn(a.key+awayDN, a.tenant, s.Switches[a.away].Name)})
	}
}
