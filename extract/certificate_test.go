package extract_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"seats/extract"
	"seats/internal/config"
	"seats/internal/fail"
)

// What PostgreSQL's own manual makes in its first example is a certificate with a common name alone.
func TestACertificateWithoutNamesIsToldForWhatItIs(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	authority := filepath.Join(t.TempDir(), "server.crt")
	require.NoError(t, os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.ReadFull(conn, make([]byte, 8)) // it asks for TLS
			_, _ = conn.Write([]byte("S"))
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}).Handshake()
			_ = conn.Close()
		}
	}()
	for host, name := range map[string]string{"localhost": "DNS:localhost", "127.0.0.1": "IP:127.0.0.1"} {
		_, err = extract.GIMDBHorizon(t.Context(), config.GIMDB{Host: host, Port: l.Addr().(*net.TCPAddr).Port, Database: "d", User: "u", Schema: "s",
			SSLMode: "verify-full", SSLRootCert: authority})
		require.Equal(t, fail.Source, fail.CodeOf(err), "%v", err)
		require.Contains(t, fail.Hints(err)[0], "a subjectAltName ("+name+")")
		require.False(t, extract.Lost(err))
	}
}
