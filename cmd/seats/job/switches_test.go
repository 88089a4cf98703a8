package job

import (
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/config"
)

func TestUnknownSwitchesAreNamedWithTheNearest(t *testing.T) {
	have := []string{"SIP_Z\u00fcrich", "SIP_London", "SIP Dallas", "Avaya_1"}
	said := func(configured string) []string {
		return UnknownSwitches(config.Tenant{Regions: []config.Region{{Name: "EU", Locations: []config.Location{
			{Name: "all"}, {Name: "one", Switches: []string{configured}}}}}}, have)
	}
	for _, known := range have {
		require.Empty(t, said(known))
	}
	for configured, nearest := range map[string]string{
		"SIP_Zu\u0308rich": "; the source has \"SIP_Z\u00fcrich\", which differs in its Unicode form alone (composed or decomposed letters): copy it from the source",
		"SIP_Z\u00dcRICH":  "; the source has \"SIP_Z\u00fcrich\", which differs in case",
		"SIP_London ":      `; the source has "SIP_London", which differs in blanks`,
		"sip  dallas":      `; the source has "SIP Dallas", which differs in case, blanks or its Unicode form`,
		"SIP_Lndon":        `; the nearest that the source has is "SIP_London"`,
		"Cisco_9":          "",
	} {
		require.Equal(t, []string{"EU/one: no DN has the switch \"" + configured + "\"" + nearest}, said(configured))
	}
}
