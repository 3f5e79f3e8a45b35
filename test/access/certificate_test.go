package access

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestCertificateIsOneKindOfMany: with --sslca everyone has a certificate, and a user by it
// only if there is no other kind of credential, or --auth names it. One that a trusted proxy
// shows is the proxy's.
func TestCertificateIsOneKindOfMany(t *testing.T) {
	t.Parallel()
	const user = "CN=ann"
	tokens := "ann:" + annsToken + "\n"
	for _, test := range []struct {
		flags  []string
		lines  []string
		status int
		user   string
	}{
		{nil, nil, 200, user},
		{nil, []string{"Authorization: Bearer " + annsToken}, 200, user},
		{[]string{"--auth=none"}, nil, 200, ""},
		{[]string{"--allow=" + user}, nil, 200, user},
		{[]string{"--allow=CN=bob"}, nil, 403, ""},
		{[]string{"--tokenfile=tokens"}, nil, 401, ""},
		{[]string{"--tokenfile=tokens"}, []string{"Authorization: Bearer " + annsToken}, 200, "ann"},
		{[]string{"--tokenfile=tokens", "--auth=certificate"}, nil, 200, user},
		{[]string{"--tokenfile=tokens", "--auth=token,certificate"}, nil, 200, user},
		{[]string{"--trustproxy=10.0.0.1", "--auth=certificate"}, nil, 200, user},
		{[]string{"--trustproxy=127.0.0.1"}, nil, 200, ""},
		{[]string{"--trustproxy=127.0.0.1", "--auth=certificate"}, []string{"X-Forwarded-For: 192.0.2.1"}, 403, ""},
		{[]string{"--trustproxy=127.0.0.1", "--authheader=X-Remote-User"}, []string{"X-Remote-User: bob"}, 200, "bob"},
	} {
		dir := t.TempDir()
		harness.WriteFile(t, dir+"/tokens", tokens, 0o600)
		server, client := harness.NewCertificate(t, dir, "server", "localhost"), harness.NewCertificate(t, dir, "ann", "localhost")
		flags := append([]string{"--ssl", "--sslcert=" + server.Cert, "--sslkey=" + server.Key, "--sslca=" + client.Cert}, test.flags...)
		s := harness.Options{Bin: harness.Binary(t), Dir: dir, Args: append(flags, "sh", "-c", `echo "user:$REMOTE_USER type:$AUTH_TYPE"`)}.Start(t)
		pair, err := tls.LoadX509KeyPair(client.Cert, client.Key)
		if err != nil {
			t.Fatal(err)
		}
		c := s.Dial(t).Secure(t, &tls.Config{RootCAs: server.Roots, ServerName: "localhost", Certificates: []tls.Certificate{pair}})
		resp, err := exchange(c.Conn, proof{lines: test.lines}.on(posting("/")))
		if err != nil {
			t.Fatalf("%q: %v", test.flags, err)
		}
		if resp.status != test.status || test.status == 200 && !strings.HasPrefix(resp.body, "user:"+test.user+" ") {
			t.Errorf("%q with %q: %d %s", test.flags, test.lines, resp.status, resp.body)
		}
	}
}

// exchange sends a request, and returns the whole answer.
func exchange(c net.Conn, r harness.Request) (answer, error) {
	if _, err := io.WriteString(c, r.String()); err != nil {
		return answer{}, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(body)}, err
}
