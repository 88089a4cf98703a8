package sign_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/must"
	"example.com/seats/internal/sign"
)

// keyFile copies testdata/encrypted.key, whose password is sesame, to where it is nobody else's to read. It is
// minisign's, but for the little memory that the password costs.
func keyFile(t *testing.T) string {
	return write(t, must.Text(t, "testdata/encrypted.key"))
}

func write(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "seats.key")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func public(t *testing.T) sign.Public {
	return must.Have(sign.ReadPublic("testdata/encrypted.pub"))(t)
}

func TestAnEncryptedKeySignsWithItsPasswordAlone(t *testing.T) {
	path := keyFile(t)
	key := must.Have(sign.ReadKey(path, "sesame"))(t)
	signature := key.Sign([]byte("text"), "comment")
	require.NoError(t, public(t).Check([]byte("text"), signature))
	require.Equal(t, "comment", sign.Comment(signature))
	require.Equal(t, signature, key.Sign([]byte("text"), "comment"))

	require.ErrorContains(t, must.Err(sign.ReadKey(path, "")), "it is encrypted, and no password is given")
	_, err := sign.ReadKey(path, "Sesame")
	require.ErrorContains(t, err, "it cannot be decrypted")
	require.NotContains(t, err.Error(), "Sesame")
	require.Equal(t, fail.BadConfig, fail.CodeOf(err))
}

func TestWhatIsWrongWithASignature(t *testing.T) {
	signature := string(must.Have(sign.ReadKey(keyFile(t), "sesame"))(t).Sign([]byte("text"), "run=1"))
	require.ErrorIs(t, public(t).Check([]byte("Text"), []byte(signature)), sign.ErrAltered)
	require.ErrorIs(t, public(t).Check([]byte("text"), []byte(strings.Replace(signature, "run=1", "run=2", 1))), sign.ErrAltered)
	require.ErrorIs(t, sign.Public{}.Check([]byte("text"), []byte(signature)), sign.ErrAnotherKey)
	require.ErrorIs(t, public(t).Check([]byte("text"), []byte("text")), sign.ErrNone)
	require.Empty(t, sign.Comment([]byte("text")))
}

// As Kubernetes mounts a Secret with fsGroup.
func TestAKeyOfAnothersThatTheGroupMayReadIsTaken(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file to another user")
	}
	path := keyFile(t)
	require.NoError(t, os.Chown(path, os.Getuid()+1, os.Getgid()))
	require.NoError(t, os.Chmod(path, 0o440))
	must.Have(sign.ReadKey(path, "sesame"))(t)
}

// A key without a password has no checksum: one byte of it that flipped would sign what nobody can check.
func TestADamagedKeyIsRefused(t *testing.T) {
	const comment = "untrusted comment: minisign encrypted secret key\n"
	raw := make([]byte, 158)
	copy(raw, "Ed\x00\x00B2")
	require.ErrorContains(t, must.Err(sign.ReadKey(write(t, comment+base64.StdEncoding.EncodeToString(raw)+"\n"), "")), "it is damaged")
	require.ErrorContains(t, must.Err(sign.ReadKey(write(t, "RWQ\n"), "")), "it is no secret key of minisign's")
}

func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	path := keyFile(t)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		require.NoError(t, os.Chmod(path, mode))
		require.ErrorContains(t, must.Err(sign.ReadKey(path, "sesame")), "nobody but its owner can read")
	}
}
