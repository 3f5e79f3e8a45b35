package harness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Pebble is the authority of Let's Encrypt's developers for tests, and the second its name
// server, for which every name is 127.0.0.1.
var (
	pebble     = tool("github.com/letsencrypt/pebble/v2/cmd/pebble")
	nameServer = tool("github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv")
)

// Authority issues certificates by ACME for any name whose TLSPort or HTTPPort proves it.
type Authority struct {
	TLSPort, HTTPPort int
	Life              time.Duration // of certificates

	URL   string         // of its directory
	CA    string         // a file, PEM, of whom its own certificate is
	Roots *x509.CertPool // of whom the issued ones are
	Log   *Lines
}

// Start runs the authority until the test ends.
func (a *Authority) Start(t T) {
	t.Helper()
	dir, own := t.TempDir(), t.TempDir()
	cert := NewCertificate(t, own, "pebble", "localhost")
	port, manage, names := FreePort(t), FreePort(t), fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	config, _ := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprintf("127.0.0.1:%d", port), "managementListenAddress": fmt.Sprintf("127.0.0.1:%d", manage),
		"certificate": cert.Cert, "privateKey": cert.Key, "httpPort": a.HTTPPort, "tlsPort": a.TLSPort, "keyAlgorithm": "ecdsa",
		"retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles":   map[string]any{"default": map[string]any{"description": "-", "validityPeriod": int(a.Life.Seconds())}},
	}})
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatalf("%v", err)
	}
	run(t, built(t, nameServer), "-dnsserver="+names, "-defaultIPv6=", "-http01=", "-https01=", "-doh=", "-tlsalpn01=", fmt.Sprintf("-management=127.0.0.1:%d", FreePort(t)))
	a.Log = run(t, built(t, pebble), "-config="+file, "-dnsserver="+names, "-strict")
	a.URL, a.CA, a.Roots = fmt.Sprintf("https://localhost:%d/dir", port), cert.Cert, x509.NewCertPool()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: cert.Roots}, DisableKeepAlives: true}}
	Until(t, "the authority answers", func() bool { return a.roots(t, client, manage) })
}

// roots asks for the certificate of whom the issued ones are.
func (a *Authority) roots(t T, client *http.Client, port int) bool {
	ctx, cancel := WithPatience(t, context.Background())
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("https://localhost:%d/roots/0", port), nil)
	resp, err := client.Do(r)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return a.Roots.AppendCertsFromPEM(text)
}

// run runs a program until the test ends, and returns what it prints.
func run(t T, path string, args ...string) *Lines {
	t.Helper()
	cmd, lines := exec.Command(path, args...), new(Lines)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	cmd.Stdout, cmd.Stderr = lines, lines
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(path), lines)
		}
	})
	return lines
}
