package console

import (
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

// TestFeedOfPath: a page that makes no handshake hears the processes that are kept at a path,
// if it may reach them, and the mark of its feed is good for nothing.
func TestFeedOfPath(t *testing.T) {
	const one, other = "token-of-ada-0123456789", "token-of-bob-0123456789"
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "tokens"), "ada:"+one+"\nbob:"+other+"\n", 0o600)
	harness.WriteFile(t, filepath.Join(dir, "websocketd.toml"), `
devconsole = true
tokenfile = "`+dir+`/tokens"
[program.open]
command = ["sh", "-c", 'while read line; do echo "$line" >&2; done']
lifetime = "shared"
[program.private]
command = ["cat"]
lifetime = "shared"
allow = ["ada"]
`, 0o644)
	s := harness.Start(t, harness.Binary(t), "--config="+dir+"/websocketd.toml")
	feed := func(at, token string) harness.Request {
		return harness.Handshake("/.websocketd/console?at="+at).Origin("http://localhost").Add("Authorization", "Bearer "+token)
	}
	for _, test := range []struct {
		at, token string
		status    int
	}{
		{"/private", one, 101}, {"/private", other, 403}, {"/private", "wrong", 401}, {"/nowhere", one, 404}, {"/open", other, 101}, {"/o%00pen", other, 400},
	} {
		if c := s.Ask(t, feed(test.at, test.token)); c.Status() != test.status {
			t.Errorf("%s with %s: %d, not %d", test.at, test.token, c.Status(), test.status)
		}
	}
	f := s.Open(t, feed("/open", other))
	first, err := f.Receive()
	if err != nil {
		t.Fatal(err)
	}
	mark := toldBy(t, first.Data)
	c := s.Open(t, harness.Handshake("/open").Add("Authorization", "Bearer "+one).Add("Sec-WebSocket-Protocol", "websocketd-console."+mark.Text))
	if err := c.Text("for whoever looks on"); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := f.Receive()
		if err != nil {
			t.Fatal(err)
		}
		told := toldBy(t, m.Data)
		if told.Kind == "stderr" && told.Text == "for whoever looks on" {
			break
		}
	}
	f.Leave(t)
}
