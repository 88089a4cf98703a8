package evidence

import (
	"bytes"
	_ "embed" // for the page
	"fmt"
	"strconv"
	"text/template"

	"seats/compute"
)

//go:embed recompute.md
var pageText string

var pageTemplate = template.Must(template.New("RECOMPUTE.md").Parse(pageText))

// page is RECOMPUTE.md.
func (p *packer) page() ([]byte, error) {
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, map[string]any{
		"Tenant": p.Tenant.Name, "From": p.from, "To": p.to, "Days": days(len(p.days)),
		"Months": p.months, "Masked": p.masks != nil, "Signed": p.signed, "Statements": compute.SQLSHA256(),
	})
	if err != nil {
		return nil, fmt.Errorf("write RECOMPUTE.md: %w", err)
	}
	return out.Bytes(), nil
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return strconv.Itoa(n) + " days"
}
