package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"seats/internal/sign"
)

const (
	dataSuffix     = ".csv"
	manifestSuffix = ".manifest.json"
)

// stem is the data file's name up to its revision:
// CNT_<REGION>_PES_SEATS_OUTBOUND_<TENANT>_<YYYYMMDD or YYYYMM>. The number has
// been validated, so that the stem holds letters, digits, "_" and "-" alone.
func (n Number) stem() string {
	return fmt.Sprintf("CNT_%s_PES_SEATS_OUTBOUND_%s_%s", n.Region, n.Tenant, strings.ReplaceAll(n.Period, "-", ""))
}

// fileName is the name of the data file of a revision, counted from 1.
func (n Number) fileName(revision int) string {
	if revision == 1 {
		return n.stem() + dataSuffix
	}
	return n.stem() + "_R" + strconv.Itoa(revision) + dataSuffix
}

// ManifestName is the name of the manifest beside a data file.
func ManifestName(dataFile string) string { return dataFile + manifestSuffix }

// SignatureName is the name of the signature of that manifest.
func SignatureName(dataFile string) string { return ManifestName(dataFile) + sign.Suffix }

// IsOf tells whether a name is one that the data files, manifests and signatures of a tenant have.
func IsOf(tenant, name string) bool {
	name = strings.TrimSuffix(strings.TrimSuffix(name, sign.Suffix), manifestSuffix)
	_, rest, ours := strings.Cut(name, "_PES_SEATS_OUTBOUND_"+tenant+"_")
	return ours && strings.HasPrefix(name, "CNT_") && periodOfName.MatchString(rest)
}

var periodOfName = regexp.MustCompile(`^[0-9]{6}(?:[0-9]{2})?(?:_R[0-9]+)?\.csv$`)

// revisionOf is the revision that the name of a data file of this number
// carries, and 0 for any other name.
func (n Number) revisionOf(name string) int {
	rest, mine := strings.CutPrefix(name, n.stem())
	rest, data := strings.CutSuffix(rest, dataSuffix)
	if !mine || !data {
		return 0
	}
	if rest == "" {
		return 1
	}
	digits, _ := strings.CutPrefix(rest, "_R")
	revision, err := strconv.Atoi(digits)
	if err != nil || revision < 2 || n.fileName(revision) != name {
		return 0
	}
	return revision
}
