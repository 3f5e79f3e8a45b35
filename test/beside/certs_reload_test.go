package beside

import (
	"crypto/tls"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// serial is that of the certificate a new connection is shown.
func serial(t *testing.T, ca *authority, s *harness.Server) *big.Int {
	t.Helper()
	c, err := handshake(t, s, ca.config("http/1.1"))
	if err != nil {
		t.Fatalf("handshake: %v", err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber
}

// shows waits until new connections are shown a certificate.
func shows(t *testing.T, ca *authority, s *harness.Server, want issued) {
	t.Helper()
	serialWanted := leaf(t, want)
	harness.Until(t, "new connections see the certificate", func() bool { return serial(t, ca, s).Cmp(serialWanted) == 0 })
}

func leaf(t *testing.T, i issued) *big.Int {
	t.Helper()
	return i.pair(t).Leaf.SerialNumber
}

// A renewed certificate is taken up without a restart. Who is connected stays.
func TestReload(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	first := ca.issue(t, "localhost")
	first.write(t, dir)
	s := start(t, append(flags(dir), "cat")...)
	old := echo(t, ca, s, nil)
	shows(t, ca, s, first)
	for range 3 {
		next := ca.issue(t, "localhost")
		next.write(t, dir)
		shows(t, ca, s, next)
		echoes(t, old, "still here")
	}
	if s.Out.Has("certificate") && !s.Out.Has("cannot be used") {
		t.Errorf("%s", s.Out)
	}
}

// What cannot be used leaves the old certificate at work, and the log says why.
func TestReloadBroken(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		spoil func(t *testing.T, dir string, next issued)
		why   string
	}{
		"nonsense": {func(t *testing.T, dir string, _ issued) {
			replace(t, filepath.Join(dir, "cert.pem"), []byte("nonsense"))
		}, "cert.pem"},
		"empty":         {func(t *testing.T, dir string, _ issued) { replace(t, filepath.Join(dir, "cert.pem"), nil) }, "cert.pem"},
		"gone":          {func(t *testing.T, dir string, _ issued) { os.Remove(filepath.Join(dir, "cert.pem")) }, "no such file"},
		"key gone":      {func(t *testing.T, dir string, _ issued) { os.Remove(filepath.Join(dir, "key.pem")) }, "no such file"},
		"half a change": {func(t *testing.T, dir string, next issued) { replace(t, filepath.Join(dir, "cert.pem"), next.cert) }, "does not match"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ca, dir := newAuthority(t), t.TempDir()
			first, next := ca.issue(t, "localhost"), ca.issue(t, "localhost")
			first.write(t, dir)
			s := start(t, append(flags(dir), "cat")...)
			old := echo(t, ca, s, nil)
			test.spoil(t, dir, next)
			harness.Until(t, "the log says why", func() bool {
				shows(t, ca, s, first)
				return len(s.Out.With("| ERROR", "| server", "the old one stays", test.why)) > 0
			})
			shows(t, ca, s, first)
			echoes(t, old, "still here")
			next.write(t, dir)
			shows(t, ca, s, next)
			echoes(t, old, "still here")
		})
	}
}

// Links are swapped as certbot does, one after the other, and as Kubernetes
// does, one for all.
func TestReloadSwappedLinks(t *testing.T) {
	t.Parallel()
	swap := func(t *testing.T, link, to string) {
		t.Helper()
		if err := os.Symlink(to, link+".next"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(link+".next", link); err != nil {
			t.Fatal(err)
		}
	}
	for what, change := range map[string]func(t *testing.T, dir, version string){
		"certbot": func(t *testing.T, dir, version string) {
			swap(t, filepath.Join(dir, "cert.pem"), filepath.Join("archive", version, "cert.pem"))
			swap(t, filepath.Join(dir, "key.pem"), filepath.Join("archive", version, "key.pem"))
		},
		"Kubernetes": func(t *testing.T, dir, version string) {
			swap(t, filepath.Join(dir, "..data"), filepath.Join("archive", version))
			for _, name := range []string{"cert.pem", "key.pem"} {
				if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
					swap(t, filepath.Join(dir, name), filepath.Join("..data", name))
				}
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ca, dir := newAuthority(t), t.TempDir()
			versions := map[string]issued{"1": ca.issue(t, "localhost"), "2": ca.issue(t, "localhost"), "3": ca.issue(t, "localhost")}
			for version, i := range versions {
				archive := filepath.Join(dir, "archive", version)
				if err := os.MkdirAll(archive, 0o755); err != nil {
					t.Fatal(err)
				}
				i.write(t, archive)
			}
			change(t, dir, "1")
			s := start(t, append(flags(dir), "cat")...)
			for _, version := range []string{"1", "2", "3", "1"} {
				change(t, dir, version)
				shows(t, ca, s, versions[version])
			}
		})
	}
}

// Another authority for clients is taken up as well.
func TestReloadClientAuthority(t *testing.T) {
	t.Parallel()
	ca, one, two := newAuthority(t), newAuthority(t), newAuthority(t)
	file := write(t, t.TempDir(), "ca.pem", string(one.pem))
	s := start(t, append(ca.serve(t, "localhost"), "--sslca="+file, "cat")...)
	admitted := func(who *authority) bool {
		config := ca.config("http/1.1")
		pair := who.issue(t, "client").pair(t)
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		c, err := handshake(t, s, config)
		if err != nil {
			return false
		}
		defer c.Close()
		w := &wire{Conn: c, t: t, r: newReader(c)} // a refusal comes after the handshake, with TLS 1.3
		if _, err := c.Write([]byte(request("GET", "/", ""))); err != nil {
			return false
		}
		_, err = w.r.ReadByte()
		return err == nil
	}
	if !admitted(one) || admitted(two) {
		t.Fatal("it does not begin with the first authority")
	}
	replace(t, file, two.pem)
	harness.Until(t, "the second authority counts", func() bool { return admitted(two) })
	if admitted(one) {
		t.Error("the first one counts too")
	}
}

// Every way in which a server with TLS does not start: the status, the stream,
// and the words (websocketd.md 1.2 and 13).
func TestTLSExits(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	ca.issue(t, "localhost").write(t, dir)
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	other := t.TempDir()
	ca.issue(t, "localhost").write(t, other)
	none, text := filepath.Join(dir, "none.pem"), write(t, dir, "text.pem", "not PEM")
	const both, without = "please specify both --sslcert and --sslkey when requesting --ssl", "you should not be using --ssl* flags when there is no --ssl option; add --ssl"
	for _, test := range []struct {
		what   string
		args   []string
		status int
		words  []string // of FATAL on stdout, or of stderr
	}{
		{"neither file", []string{"--ssl"}, 1, []string{both}},
		{"no key", []string{"--ssl", "--sslcert=" + cert}, 1, []string{both}},
		{"no certificate", []string{"--ssl", "--sslkey=" + key}, 1, []string{both}},
		{"not asked for", []string{"--sslcert=" + cert, "--sslkey=" + key}, 1, []string{without}},
		{"missing certificate", []string{"--ssl", "--sslcert=" + none, "--sslkey=" + key}, 3, []string{"none.pem", "no such file"}},
		{"missing key", []string{"--ssl", "--sslcert=" + cert, "--sslkey=" + none}, 3, []string{"none.pem", "no such file"}},
		{"bad certificate", []string{"--ssl", "--sslcert=" + text, "--sslkey=" + key}, 3, []string{"text.pem", "PEM"}},
		{"bad key", []string{"--ssl", "--sslcert=" + cert, "--sslkey=" + text}, 3, []string{"text.pem", "PEM"}},
		{"another's key", []string{"--ssl", "--sslcert=" + cert, "--sslkey=" + filepath.Join(other, "key.pem")}, 3, []string{"does not match"}},
		{"a directory", []string{"--ssl", "--sslcert=" + dir, "--sslkey=" + key}, 3, []string{"directory"}},
		{"missing authority", []string{"--ssl", "--sslcert=" + cert, "--sslkey=" + key, "--sslca=" + none}, 3, []string{"failed to read CA file", "none.pem"}},
		{"bad authority", []string{"--ssl", "--sslcert=" + cert, "--sslkey=" + key, "--sslca=" + text}, 3, []string{"failed to parse CA certificates from", "text.pem"}},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			s := harness.Options{Bin: harness.Binary(t), Args: append(test.args, "cat")}.Launch(t)
			if status := s.Wait(t); status != test.status {
				t.Errorf("exit status %d, expected %d", status, test.status)
			}
			if test.status == 1 {
				if strings.TrimSpace(s.Err.String()) != test.words[0] || s.Out.String() != "" {
					t.Errorf("stdout %q, stderr %q", s.Out, s.Err)
				}
				return
			}
			banner := strings.Index(s.Out.String(), "Serving using application   : ")
			fatal := s.Out.With(append(test.words, "| FATAL", "Can't start server: ")...)
			if banner < 0 || len(fatal) != 1 || strings.Index(s.Out.String(), "FATAL") < banner || s.Err.String() != "" {
				t.Errorf("stdout %q, stderr %q", s.Out, s.Err)
			}
		})
	}
}
