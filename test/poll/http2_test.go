package poll

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// The same over HTTP/2, with a program that is silent for longer than two intervals.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	cert := harness.NewCertificate(t, t.TempDir(), "server", "localhost")
	s := start(t, "--ssl", "--sslcert="+cert.Cert, "--sslkey="+cert.Key, "--pingms=1000", "--binary", "sh", "-c", "sleep 3; cat; exit 3")
	transport := &http.Transport{
		ForceAttemptHTTP2: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{RootCAs: cert.Roots, ServerName: "localhost"},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return harness.DialContext(t)(ctx, network, s.Addr)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	c := &http.Client{Transport: transport}
	data := randomBytes(5 << 20)
	post := func(r *http.Request) *http.Response {
		t.Helper()
		r.URL.Scheme, r.URL.Host, r.Host = "https", "localhost", "localhost"
		resp, err := c.Do(r)
		if err != nil || resp.ProtoMajor != 2 {
			t.Fatalf("%v, %v", resp, err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	resp := post(request(t, s, "POST", "/", bytes.NewReader(data)))
	if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, data) || resp.Trailer.Get(exitTrailer) != "4003 exit status 3" {
		t.Errorf("%d of %d bytes, %v, %v", len(got), len(data), err, resp.Trailer)
	}
	in, out := io.Pipe()
	resp = post(request(t, s, "POST", "/", in, eventStream))
	harness.Until(t, "the program runs", func() bool { return len(s.Children()) > 0 })
	go io.WriteString(out, "hello")
	if line := make([]byte, 2); true {
		if _, err := io.ReadFull(resp.Body, line); err != nil || string(line) != ":\n" {
			t.Errorf("%q, %v", line, err)
		}
	}
	out.Close()
	if rest, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(rest), "event: end\ndata: {\"code\":4003") {
		t.Errorf("%q, %v", rest, err)
	}
	in, out = io.Pipe()
	resp = post(request(t, s, "POST", "/", in))
	io.WriteString(out, "hello")
	resp.Body.Close() // the stream, not the connection
	out.Close()
	harness.NoSurvivors(t, s)
}
