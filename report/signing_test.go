package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/must"
	"seats/internal/sign"
	"seats/report"
)

// signer is a writer that signs, as run 7 of a ledger.
func signer(t *testing.T, dir string) report.Writer {
	t.Helper()
	text := must.Have(os.ReadFile(filepath.Join("..", "internal", "sign", "testdata", "encrypted.key")))(t)
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	key := must.Have(sign.ReadKey(path, "sesame"))(t)
	return report.Writer{Dir: dir, Signing: &report.Signing{Key: key, Run: 7, Previous: "ab12"}}
}

// requireSigned wants the signature of the daily file's manifest to be right, and gives its comment.
func requireSigned(t *testing.T, w report.Writer) string {
	t.Helper()
	manifest := must.Have(os.ReadFile(filepath.Join(w.Dir, report.ManifestName(dailyFile))))(t)
	signature := must.Have(os.ReadFile(filepath.Join(w.Dir, report.SignatureName(dailyFile))))(t)
	require.NoError(t, w.Signing.Key.Public().Check(manifest, signature))
	return sign.Comment(signature)
}

func TestASignatureNamesItsPlaceInTheLedger(t *testing.T) {
	w := signer(t, t.TempDir())
	must.Have(w.Issue([]report.Number{daily(42)}, nil, "", issuedAt))(t)
	mark := must.Have(report.ParseMark(requireSigned(t, w)))(t)
	require.Equal(t, report.Mark{Tenant: "acme", Manifest: report.ManifestName(dailyFile), Run: 7, Previous: "ab12"}, mark)

	first := report.Mark{Tenant: "acme", Manifest: "m", Run: 1}
	parsed := must.Have(report.ParseMark(first.String()))(t)
	require.Equal(t, first, parsed)
	for _, other := range []string{"", "timestamp:1795634774\tfile:x\thashed", first.String() + " more", "tenant=a file=b run=x previous_sha256=c"} {
		_, err := report.ParseMark(other)
		require.Error(t, err, other)
	}
}

// A run that dies between the manifest, whose state moved, and its signature leaves no signature at all, and the next
// run makes it. One that died earlier left the old pair as it was.
func TestASignatureThatARunDidNotGetToIsMadeByTheNext(t *testing.T) {
	w := signer(t, t.TempDir())
	provisional := daily(42)
	provisional.State = report.Provisional
	issued := must.Have(w.Issue([]report.Number{provisional}, nil, "", issuedAt))(t)
	ledger := []report.Issue{issued[0].Issue}

	must.Have(w.Issue([]report.Number{daily(42)}, ledger, "", laterAt))(t)
	requireSigned(t, w)
	require.NoError(t, os.Remove(filepath.Join(w.Dir, report.SignatureName(dailyFile))))

	again := must.Have(w.Issue([]report.Number{daily(42)}, ledger, "", laterAt.AddDate(0, 0, 1)))(t)
	require.NoError(t, again[0].Err)
	require.Equal(t, report.State, again[0].Action)
	requireSigned(t, w)

	ledger = []report.Issue{again[0].Issue}
	last := must.Have(w.Issue([]report.Number{daily(42)}, ledger, "", laterAt))(t)
	require.Equal(t, report.Unchanged, last[0].Action)
}
