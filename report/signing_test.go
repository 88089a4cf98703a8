package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"seats/internal/sign"
	"seats/report"
)

// signer is a writer that signs, as run 7 of a ledger.
func signer(t *testing.T, dir string) report.Writer {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "internal", "sign", "testdata", "encrypted.key"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	key, err := sign.ReadKey(path, "sesame")
	require.NoError(t, err)
	return report.Writer{Dir: dir, Signing: &report.Signing{Key: key, Run: 7, Previous: "ab12"}}
}

// requireSigned wants the signature of the daily file's manifest to be right, and gives its comment.
func requireSigned(t *testing.T, w report.Writer) string {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(w.Dir, report.ManifestName(dailyFile)))
	require.NoError(t, err)
	signature, err := os.ReadFile(filepath.Join(w.Dir, report.SignatureName(dailyFile)))
	require.NoError(t, err)
	require.NoError(t, w.Signing.Key.Public().Check(manifest, signature))
	return sign.Comment(signature)
}

func TestASignatureNamesItsPlaceInTheLedger(t *testing.T) {
	w := signer(t, t.TempDir())
	_, err := w.Issue([]report.Number{daily(42)}, nil, "", issuedAt)
	require.NoError(t, err)
	mark, err := report.ParseMark(requireSigned(t, w))
	require.NoError(t, err)
	require.Equal(t, report.Mark{Tenant: "acme", Manifest: report.ManifestName(dailyFile), Run: 7, Previous: "ab12"}, mark)

	first := report.Mark{Tenant: "acme", Manifest: "m", Run: 1}
	parsed, err := report.ParseMark(first.String())
	require.NoError(t, err)
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
	issued, err := w.Issue([]report.Number{provisional}, nil, "", issuedAt)
	require.NoError(t, err)
	ledger := []report.Issue{issued[0].Issue}

	_, err = w.Issue([]report.Number{daily(42)}, ledger, "", laterAt)
	require.NoError(t, err)
	requireSigned(t, w)
	require.NoError(t, os.Remove(filepath.Join(w.Dir, report.SignatureName(dailyFile))))

	again, err := w.Issue([]report.Number{daily(42)}, ledger, "", laterAt.AddDate(0, 0, 1))
	require.NoError(t, err)
	require.NoError(t, again[0].Err)
	require.Equal(t, report.State, again[0].Action)
	requireSigned(t, w)

	ledger = []report.Issue{again[0].Issue}
	last, err := w.Issue([]report.Number{daily(42)}, ledger, "", laterAt)
	require.NoError(t, err)
	require.Equal(t, report.Unchanged, last[0].Action)
}
