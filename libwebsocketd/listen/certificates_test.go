package listen

import (
	"context"
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
	"sync"
	"testing"
	"time"
)

// certFiles are a certificate, its key and an authority in one directory.
type certFiles struct {
	dir  string
	when time.Time // of the next change; two changes never have the same
}

func newCertFiles(t testing.TB) *certFiles {
	t.Helper()
	c := &certFiles{dir: t.TempDir(), when: time.Now().Add(-time.Hour)}
	c.renew(t, 1)
	return c
}

func (c *certFiles) path(name string) string { return filepath.Join(c.dir, name) }

// put writes a file with a modification time that no other has.
func (c *certFiles) put(t testing.TB, name string, text []byte) {
	t.Helper()
	c.when = c.when.Add(time.Second)
	if err := os.WriteFile(c.path(name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(c.path(name), c.when, c.when); err != nil {
		t.Fatal(err)
	}
}

// renew writes a new pair, which is its own authority.
func (c *certFiles) renew(t testing.TB, serial int64) {
	t.Helper()
	cert, key := selfSigned(t, serial)
	c.put(t, "cert.pem", cert)
	c.put(t, "key.pem", key)
	c.put(t, "ca.pem", cert)
}

func selfSigned(t testing.TB, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "a.com"}, DNSNames: []string{"a.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// open reads the files. complaints collects the errors of failed.
func (c *certFiles) open(t testing.TB, ca string) (certs *Certificates, complaints *[]string) {
	t.Helper()
	complaints = new([]string)
	certs, err := NewCertificates(c.path("cert.pem"), c.path("key.pem"), ca, nil, func(net.Conn) {}, func(err error) { *complaints = append(*complaints, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	certs.patience = time.Hour // so that a handshake sees the look it began
	return certs, complaints
}

// now returns what a handshake would get that comes when the last check is old.
func now(t testing.TB, certs *Certificates) int64 {
	t.Helper()
	certs.mu.Lock()
	certs.looked = time.Time{}
	certs.mu.Unlock()
	return shown(t, certs)
}

// shown returns what the next handshake gets, through either function.
func shown(t testing.TB, certs *Certificates) int64 {
	t.Helper()
	server := certs.ServerConfig()
	config, err := server.GetConfigForClient(new(tls.ClientHelloInfo))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := server.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if config.Certificates[0].Leaf.SerialNumber.Cmp(cert.Leaf.SerialNumber) != 0 {
		t.Fatal("two answers to one question")
	}
	if config.MinVersion != tls.VersionTLS12 || strings.Join(config.NextProtos, " ") != "h2 http/1.1 http/1.0" {
		t.Fatalf("version %x, protocols %q", config.MinVersion, config.NextProtos)
	}
	return cert.Leaf.SerialNumber.Int64()
}

// TestCertificatesOldHTTP: a client that offers nothing but HTTP/1.0 in the handshake, as
// curl -0 does, is spoken to.
func TestCertificatesOldHTTP(t *testing.T) {
	t.Parallel()
	certs, _ := newCertFiles(t).open(t, "")
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	failed := make(chan error, 1)
	go func() { failed <- tls.Server(near, certs.ServerConfig()).Handshake() }()
	client := tls.Client(far, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.0"}})
	if err := client.Handshake(); err != nil || client.ConnectionState().NegotiatedProtocol != "http/1.0" {
		t.Errorf("%v, %q", err, client.ConnectionState().NegotiatedProtocol)
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

func TestCertificatesReload(t *testing.T) {
	t.Parallel()
	files := newCertFiles(t)
	certs, complaints := files.open(t, "")
	first := certs.current()
	if now(t, certs) != 1 || certs.current() != first {
		t.Error("unchanged files were read again")
	}
	files.renew(t, 2)
	if got := now(t, certs); got != 2 {
		t.Errorf("certificate %d", got)
	}
	// Within a second the files are not checked again.
	files.renew(t, 3)
	certs.mu.Lock()
	certs.looked = time.Now().Add(time.Hour)
	certs.mu.Unlock()
	if got := shown(t, certs); got != 2 {
		t.Errorf("certificate %d before the next look", got)
	}
	if got := now(t, certs); got != 3 || len(*complaints) > 0 {
		t.Errorf("certificate %d, %q", got, *complaints)
	}
}

// Each broken change is reported once, however many clients come, and the next good one
// is used.
func TestCertificatesBroken(t *testing.T) {
	t.Parallel()
	files := newCertFiles(t)
	certs, complaints := files.open(t, "")
	for i, spoil := range []func(){
		func() { files.put(t, "cert.pem", []byte("nonsense")) },
		func() { files.put(t, "key.pem", nil) },
		func() { os.Remove(files.path("cert.pem")) },
		func() { cert, _ := selfSigned(t, 99); files.put(t, "cert.pem", cert) },
	} {
		spoil()
		for range 5 {
			if got := now(t, certs); got != int64(i+1) {
				t.Fatalf("after fault %d: certificate %d", i, got)
			}
		}
		if n := len(*complaints); n != i+1 || !strings.Contains((*complaints)[i], "the old one stays") || strings.Count((*complaints)[i], "\n") > 0 {
			t.Fatalf("after fault %d: %q", i, *complaints)
		}
		files.renew(t, int64(i+2))
		if got := now(t, certs); got != int64(i+2) {
			t.Fatalf("after the repair of fault %d: certificate %d", i, got)
		}
	}
}

// A file of the same size and the same time is another one all the same, when a
// rename or a link put it there.
func TestCertificatesSameStamp(t *testing.T) {
	t.Parallel()
	files := newCertFiles(t)
	pad := func(name string) {
		text, err := os.ReadFile(files.path(name))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, strings.Repeat("\n", 2000-len(text))...)
		if err := os.WriteFile(files.path(name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(files.path(name), files.when, files.when); err != nil {
			t.Fatal(err)
		}
	}
	pad("cert.pem")
	pad("key.pem")
	certs, complaints := files.open(t, "")
	next := &certFiles{dir: t.TempDir()}
	cert, key := selfSigned(t, 2)
	next.put(t, "cert.pem", cert)
	next.put(t, "key.pem", key)
	old := files.dir
	files.dir = next.dir
	pad("cert.pem")
	pad("key.pem")
	for _, name := range []string{"cert.pem", "key.pem"} {
		if err := os.Rename(filepath.Join(next.dir, name), filepath.Join(old, name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := now(t, certs); got != 2 || len(*complaints) > 0 {
		t.Errorf("certificate %d, %q", got, *complaints)
	}
}

func TestCertificatesClientAuthority(t *testing.T) {
	t.Parallel()
	files := newCertFiles(t)
	plain, _ := files.open(t, "")
	if c := plain.current(); c.ClientAuth != tls.NoClientCert || c.ClientCAs != nil {
		t.Errorf("without an authority: %v", c.ClientAuth)
	}
	certs, complaints := files.open(t, files.path("ca.pem"))
	first := certs.current().ClientCAs
	if certs.current().ClientAuth != tls.RequireAndVerifyClientCert {
		t.Errorf("%v", certs.current().ClientAuth)
	}
	other, _ := selfSigned(t, 7)
	files.put(t, "ca.pem", other)
	now(t, certs)
	if c := certs.current(); c.ClientCAs.Equal(first) || c.ClientAuth != tls.RequireAndVerifyClientCert {
		t.Error("the authority is the old one")
	}
	second := certs.current().ClientCAs
	for _, text := range []string{"", "nonsense"} { // which must not open the door
		files.put(t, "ca.pem", []byte(text))
		now(t, certs)
		if c := certs.current(); !c.ClientCAs.Equal(second) || c.ClientAuth != tls.RequireAndVerifyClientCert {
			t.Errorf("%q as authority: %v", text, c.ClientAuth)
		}
	}
	if len(*complaints) != 2 {
		t.Errorf("%q", *complaints)
	}
}

// Many handshakes at once while the files change all the time.
func TestCertificatesTogether(t *testing.T) {
	t.Parallel()
	files := newCertFiles(t)
	var mu sync.Mutex
	broken := 0
	certs, err := NewCertificates(files.path("cert.pem"), files.path("key.pem"), "", nil, func(net.Conn) {}, func(error) { mu.Lock(); broken++; mu.Unlock() })
	if err != nil {
		t.Fatal(err)
	}
	certs.patience = time.Hour
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					c := certs.current()
					if len(c.Certificates) != 1 || c.Certificates[0].Leaf == nil {
						t.Error("half a configuration")
					}
					certs.mu.Lock()
					certs.looked = time.Time{}
					certs.mu.Unlock()
				}
			}
		})
	}
	for serial := range int64(20) {
		files.renew(t, serial+2)
	}
	close(stop)
	all.Wait()
	if got := now(t, certs); got != 21 {
		t.Errorf("certificate %d in the end, %d broken ones before", got, broken)
	}
}

// A look that does not end holds no handshake up for longer than a moment, only one
// of them at all, and Shutdown no longer than it may take.
func TestCertificatesBlocked(t *testing.T) {
	t.Parallel()
	files := newCertFiles(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	certs, err := NewCertificates(files.path("cert.pem"), files.path("key.pem"), "", nil, func(net.Conn) {}, func(error) { close(entered); <-leave })
	if err != nil {
		t.Fatal(err)
	}
	files.put(t, "cert.pem", []byte("nonsense"))
	if got := now(t, certs); got != 1 {
		t.Errorf("certificate %d", got)
	}
	<-entered
	certs.patience = time.Hour // longer than any client has
	if got := now(t, certs); got != 1 {
		t.Errorf("certificate %d while the files are being read", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	certs.Finish(ctx)
	close(leave)
	certs.Finish(t.Context())
	if certs.Finish(t.Context()); certs.looking != nil {
		t.Error("it still looks")
	}
}
