package mcp

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// overHTTP2 starts a server with TLS, and returns it and a client that has one connection of
// HTTP/2 to it.
func overHTTP2(t *testing.T) (*harness.Server, *http.Client) {
	t.Helper()
	cert := harness.NewCertificate(t, t.TempDir(), "server", "localhost")
	s := scripted(t, "--ssl", "--sslcert="+cert.Cert, "--sslkey="+cert.Key)
	transport := &http.Transport{
		ForceAttemptHTTP2: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{RootCAs: cert.Roots, ServerName: "localhost"},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return harness.DialContext(t)(ctx, network, s.Addr)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return s, &http.Client{Transport: transport}
}

// Over HTTP/2 many calls share a connection, and one that is left is canceled, or in a session
// goes on, while the others are answered.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	s, client := overHTTP2(t)
	modern := &peer{t: t, http: client, url: fmt.Sprintf("https://localhost:%d/", s.Port), modern: true, version: modernVersion}
	legacy := &peer{t: t, http: client, url: modern.url, version: legacyVersion}
	if legacy.initialize(); legacy.session == "" {
		t.Fatal("no session")
	}
	for _, p := range []*peer{modern, legacy} {
		const n = 50
		var all sync.WaitGroup
		for i := range n {
			payload := fmt.Sprintf(`"mine is %d"`, i)
			r := p.tool("1", "gather", fmt.Sprintf(`"n":%d,"payload":%s`, n, payload))
			all.Go(func() {
				a, err := p.ask(r)
				if err != nil || len(a.messages) != 1 || !strings.Contains(a.messages[0], payload) {
					t.Errorf("%s: %v: %+v", payload, err, a)
				}
			})
		}
		all.Wait()
		left := p.send(p.toolProgress("1", "1", "hang", `"n":1`))
		if left.ProtoMajor != 2 {
			t.Errorf("it is %s", left.Proto)
		}
		left.message()
		left.Body.Close()
		if p.modern {
			harness.Until(t, "the call is canceled", func() bool { return p.number("parked") == 0 })
			continue
		}
		if open, ids := p.number("parked"), p.cancelled(); open != 1 || len(ids) > 0 {
			t.Errorf("%d open, %v canceled", open, ids)
		}
	}
}
