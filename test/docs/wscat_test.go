package docs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// converse does what npx wscat does, and expects to see what the page shows: < and
// a message that came, > and one that was typed, and how the connection ended.
func (s *session) converse(t *testing.T, typed string, screen []string) {
	t.Helper()
	if s.server == nil {
		t.Fatalf("%s: %s: there is no server", s.at, typed)
	}
	c := s.server.Ask(t, s.handshake(t, typed))
	if c.Status() != http.StatusSwitchingProtocols {
		if got := fmt.Sprintf("error: Unexpected server response: %d", c.Status()); len(screen) != 1 || screen[0] != got {
			t.Errorf("%s: %s\ngives %s %q", s.at, typed, got, c.Body)
		}
		return
	}
	for i, line := range screen {
		if sent, isSent := strings.CutPrefix(line, ">"); isSent {
			if err := c.Text(strings.TrimPrefix(sent, " ")); err != nil {
				t.Fatalf("%s: %s: %v", s.at, line, err)
			}
			continue
		}
		if got := s.usual(next(c)); !exactly(line).MatchString(got) {
			t.Fatalf("%s: line %d of the screen: %s\nnot %s", s.at, i+1, got, line)
		}
		if strings.HasPrefix(line, "Disconnected") {
			return
		}
	}
	c.Leave(t)
}

// next is what wscat shows of what comes next.
func next(c *harness.Conn) string {
	m, err := c.Receive()
	if end := (harness.Closed{}); errors.As(err, &end) {
		return fmt.Sprintf(`Disconnected (code: %d, reason: "%s")`, end.Code, end.Reason)
	}
	if err != nil {
		return err.Error()
	}
	return strings.TrimRight("< "+string(m.Data), " ")
}

// handshake is that of a wscat command line: npx wscat [-s NAME] [-o ORIGIN] -c URL.
func (s *session) handshake(t *testing.T, typed string) harness.Request {
	t.Helper()
	words := strings.Fields(strings.NewReplacer("'", "", `"`, "").Replace(s.here(typed)))[2:]
	if len(words)%2 != 0 {
		t.Fatalf("%s: %s: not options with a value each", s.at, typed)
	}
	options := map[string]string{}
	for i := 0; i < len(words); i += 2 {
		options[words[i]] = words[i+1]
	}
	host, path, _ := strings.Cut(strings.TrimPrefix(options["-c"], "ws://"), "/")
	r := harness.Handshake("/" + path).Host(host).Origin(options["-o"])
	if name := options["-s"]; name != "" {
		r = r.Add("Sec-WebSocket-Protocol", name)
	}
	return r
}
