package beside

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// So it is with every answer of the server's own, also with those that are small: a client that asks
// again and again, and takes nothing, is let go.
func TestAnswersHaveAClock(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "token")
	harness.WriteFile(t, users, strings.Repeat("s", 32)+"\n", 0o600)
	led := []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	large := "--header-http=X-Large: " + strings.Repeat("x", 8<<10) // so that few answers fill what systems hold
	open := start(t, "--devconsole", "--pingms=500", large, "cat")
	closed := start(t, "--tokenfile="+users, "--pingms=500", large, "cat")
	for what, ask := range map[string]struct {
		s    *harness.Server
		text string
	}{
		"page":      {open, request("GET", "/", "")},
		"programs":  {open, request("GET", "/.websocketd/console.json", "")},
		"login":     {closed, request("GET", "/.websocketd/login?token=x", "", led...)},
		"preflight": {open, request("OPTIONS", "/", "", "Origin: http://localhost:"+open.Addr[len("127.0.0.1:"):], "Access-Control-Request-Method: POST")},
	} {
		t.Run(what, func(t *testing.T) {
			before := harness.Settled(t, func() int { return harness.Descriptors(t, ask.s.PID) })
			w := dial(t, ask.s)
			w.send(ask.text)
			w.answer(ask.text[:strings.IndexByte(ask.text, ' ')])
			written := make(chan struct{})
			go func() {
				defer close(written)
				io.WriteString(w.Conn, strings.Repeat(ask.text, 16<<20/len(ask.text)))
			}()
			t.Cleanup(func() { w.Close(); <-written })
			harness.Until(t, "the connection is gone", func() bool { return harness.Descriptors(t, ask.s.PID) <= before })
		})
	}
}
