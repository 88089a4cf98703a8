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

	"seats/internal/must"
)

// loginsOverTLS is the server's pg_hba.conf: the tests' own user comes in as everywhere, all others by SCRAM over TLS alone.
const loginsOverTLS = `host    all seats 127.0.0.1/32 trust
hostssl all all   all          scram-sha-256
`

// TLS starts a server that is a test's own and speaks TLS, by a certificate for localhost and 0.0.0.0, which leads there and is
// no address of the loopback. Who is not the tests' own user logs in by SCRAM and over TLS, or not at all. It gives the certificate,
// which the server signed itself, as PEM.
func TLS(t testing.TB) (server ServerInfo, certificate []byte) {
	server, _ = Restartable(t)
	certificate, key := Certificate(t, "localhost", "0.0.0.0")
	for name, text := range map[string][]byte{"server.crt": certificate, "server.key": key, "pg_hba.conf": []byte(loginsOverTLS)} {
		// The server itself writes it into its folder: it wants its key to be its own, and runs as another user.
		admin(t, server, fmt.Sprintf("copy (select '%s') to program 'umask 077; base64 -d >%s'", base64.StdEncoding.EncodeToString(text), name))
	}
	for _, setting := range []string{"alter system set password_encryption = 'scram-sha-256'", "alter system set ssl = on", "select pg_reload_conf()"} {
		admin(t, server, setting)
	}
	require.Eventually(t, func() bool { // a reload, which the server does in its own time, has reached those who answer
		conn, err := pgx.Connect(context.Background(), server.ConnString()+"&sslmode=require")
		return err == nil && conn.Close(context.Background()) == nil
	}, time.Minute, 50*time.Millisecond, "wait for TLS")
	return server, certificate
}

// Certificate makes a server's certificate, signed by itself, for names and addresses; it and its key are PEM.
func Certificate(t testing.TB, names ...string) (certificate, key []byte) {
	private := must.Have(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	from := time.Now().Add(-time.Hour)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: from, NotAfter: from.Add(25 * time.Hour),
		IsCA: true, BasicConstraintsValid: true}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	certificate = must.Have(x509.CreateCertificate(rand.Reader, c, c, private.Public(), private))(t)
	key = must.Have(x509.MarshalPKCS8PrivateKey(private))(t)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
}
