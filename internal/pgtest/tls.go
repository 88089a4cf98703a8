package pgtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// loginsOverTLS is the server's pg_hba.conf: the tests' own user comes in as
// everywhere, all others by SCRAM over TLS alone.
const loginsOverTLS = `host    all seats 127.0.0.1/32 trust
hostssl all all   all          scram-sha-256
`

// TLS starts a server that is a test's own and speaks TLS, by a certificate for
// localhost and 0.0.0.0, which leads there and is no address of the loopback. Who is not the tests' own user logs in by SCRAM and over
// TLS, or not at all. It gives the certificate of the authority that signed the
// server's, as PEM.
func TLS(t testing.TB) (server ServerInfo, authority []byte) {
	t.Helper()
	server, _ = own(t, hold)
	authority, certificate, key := Certificate(t)
	put(t, server, "server.crt", certificate)
	put(t, server, "server.key", key)
	put(t, server, "pg_hba.conf", []byte(loginsOverTLS))
	admin(t, server, "alter system set password_encryption = 'scram-sha-256'")
	admin(t, server, "alter system set ssl = on")
	admin(t, server, "select pg_reload_conf()")
	require.Eventually(t, func() bool { // a reload, which the server does in its own time, has reached those who answer
		conn, err := pgx.Connect(context.Background(), server.ConnString()+"&sslmode=require")
		return err == nil && conn.Close(context.Background()) == nil
	}, time.Minute, 50*time.Millisecond, "wait for TLS")
	return server, authority
}

// put writes a file in the server's folder, by the server itself: it wants its
// key to be its own, and runs as another user.
func put(t testing.TB, server ServerInfo, name string, text []byte) {
	t.Helper()
	admin(t, server, fmt.Sprintf("copy (select '%s') to program 'umask 077; base64 -d >%s'", base64.StdEncoding.EncodeToString(text), name))
}

// Certificate makes an authority and has it sign a server's certificate for
// localhost and 0.0.0.0. All are PEM.
func Certificate(t testing.TB) (authority, certificate, key []byte) {
	t.Helper()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootKey, serverKey := newKey(t), newKey(t)
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server of a test"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4zero},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.MarshalPKCS8PrivateKey(serverKey)
	require.NoError(t, err)
	return signed(t, root, root, rootKey, rootKey), signed(t, server, root, serverKey, rootKey), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func signed(t testing.TB, certificate, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, certificate, by, key.Public(), byKey)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
