package spark_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/spark"
)

// encrypted promises that TLS with an authority of one's own works with a token and without one, that
// a token works without TLS, and that each that is missing or wrong is told in one clear sentence.
func encrypted(t *testing.T, _ *spark.Session, on server) {
	ca, certificate := authority(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	secure, plain := pass(t, listener, on.address).address(), on.address
	other, _ := authority(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what    string
		options spark.Options
		want    string // in the error, or nothing
		hint    string
	}{
		{"token alone", spark.Options{Address: plain, Token: on.token}, "", ""},
		{"TLS", spark.Options{Address: secure, Token: on.token, CAFile: ca}, "", ""},
		{"TLS by name", spark.Options{Address: strings.Replace(secure, "127.0.0.1", "localhost", 1), Token: on.token, CAFile: ca}, "", ""},
		{"no CA", spark.Options{Address: secure + "/;use_ssl=true", Token: on.token}, "is not trusted", "CA file"},
		{"another CA", spark.Options{Address: secure, Token: on.token, CAFile: other}, "is not trusted", "CA file"},
		{"a CA file without one", spark.Options{Address: secure, CAFile: empty}, "no certificate", "PEM"},
		{"no CA file", spark.Options{Address: secure, CAFile: empty + "x"}, "empty.pemx", ""},
		{"plain text to TLS", spark.Options{Address: secure, Token: on.token}, "does not answer as Spark Connect does", "use_ssl=true"},
		{"TLS to plain text", spark.Options{Address: plain, Token: on.token, CAFile: ca}, "does not speak TLS", "use_ssl=true"},
	} {
		s, err := spark.Open(t.Context(), c.options)
		if err == nil {
			want(t, s, "1|", "SELECT 1")
			s.Close()
		}
		text, hint := told(err)
		if c.want == "" && err != nil || !strings.Contains(text, c.want) || !strings.Contains(hint, c.hint) {
			t.Errorf("%s: got %v, hint %q, want %q, hint %q", c.what, err, hint, c.want, c.hint)
		}
	}
	if on.token == "" {
		return // Sail asks for none
	}
	for _, token := range []string{"", "hush-hush-hush"} {
		for _, address := range []string{plain, secure} {
			o := spark.Options{Address: address, Token: token}
			if address == secure {
				o.CAFile = ca
			}
			_, err := spark.Open(t.Context(), o)
			text, hint := told(err)
			if err == nil || strings.Contains(text, "hush") || !strings.Contains(text, "does not let us in") || !strings.Contains(hint, "token") {
				t.Errorf("token %q at %s: got %v, hint %q, want a refusal without the token", token, address, err, hint)
			}
		}
	}
}

// authority makes an authority, as a file, and the certificate of a server of this machine that it signed.
func authority(t *testing.T) (file string, server tls.Certificate) {
	t.Helper()
	key, cert, der := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lake authority"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	own, _, der := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "lake server"},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, cert, key)
	return file, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: own}
}

// sign makes a certificate, by itself where there is no parent.
func sign(t *testing.T, template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate, []byte) {
	t.Helper()
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert, der
}
