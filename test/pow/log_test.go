package pow

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestLogOfCall: each line about a call has each of its attributes once, over WebSocket and
// over HTTP.
func TestLogOfCall(t *testing.T) {
	t.Parallel()
	tokens := filepath.Join(t.TempDir(), "tokens")
	harness.WriteFile(t, tokens, "ann:annes-token-0123456789\n", 0o600)
	s := serve(t, script("cat", "echo noted >&2; cat; exit 3"), "--tokenfile="+tokens, "--logformat=json", "--loglevel=trace")
	const token = "Bearer annes-token-0123456789"
	c := &call{s.Open(t, offering("/pow/").Add("Authorization", token))}
	c.control(t, message("cat"))
	c.control(t, signalClose)
	c.ends(t)
	a := newAPI(t, s, "/pow/", "Authorization: "+token)
	id := a.call("cat")
	a.expect("POST", "closeInput/"+id, "", 200, "input closed")
	a.ends(id)
	harness.Until(t, "both are noted", func() bool { return strings.Count(s.Out.String(), `"noted"`) == 2 })
	users := 0
	for line := range strings.Lines(s.Out.String()) {
		if keys := keysOf(t, line); keys["user"] {
			users++
		}
	}
	if users < 6 {
		t.Errorf("%d lines have the user", users)
	}
}

// keysOf returns the keys of a line of the log. It fails if one is there twice.
func keysOf(t *testing.T, line string) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	d := json.NewDecoder(strings.NewReader(line))
	d.Token() // {
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if keys[key.(string)] {
			t.Errorf("%s is there twice: %s", key, line)
		}
		keys[key.(string)] = true
	}
	return keys
}
