package control

import (
	"io"
	"strings"
	"testing"
)

// TestWhereTheTokenIs: what cannot be read is named by the header in which it stands.
func TestWhereTheTokenIs(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, oneToken{})
	for name, line := range map[string]string{"X-API-Key": "X-API-Key: Bearer " + rightToken, "Authorization": "Authorization: Bearer a b"} {
		said, _ := io.ReadAll(request{headers: []string{line}}.to(c).Body)
		if !strings.Contains(string(said), "in "+name) {
			t.Errorf("%s: %q", line, said)
		}
	}
}

// TestMethods: what a path may be asked for with is the same whatever it was asked for with, and
// a ticket is not used up by a method that is refused.
func TestMethods(t *testing.T) {
	t.Parallel()
	c, _ := guardOf(t, oneToken{})
	for path, want := range map[string]string{"/ws": "GET, OPTIONS", "/api/channels/x": "GET, POST, OPTIONS", "/api/hub": "GET, HEAD, OPTIONS", "/api/ticket": "POST, OPTIONS"} {
		for _, method := range []string{"HEAD", "PUT", "POST", "OPTIONS", "TRACE"} {
			got := request{method: method, path: path, headers: []string{bearer(rightToken)}}.to(c)
			if got.StatusCode == 405 && got.Header.Get("Allow") != want || method == "HEAD" && (got.StatusCode == 405) == strings.Contains(want, "HEAD") {
				t.Errorf("%s %s: %d, Allow: %s", method, path, got.StatusCode, got.Header.Get("Allow"))
			}
		}
	}
	ticket := c.logins.Ticket(operator, "")
	request{method: "HEAD", path: "/api/channels/x?token=" + ticket}.to(c)
	if got := (request{path: "/api/channels/x?token=" + ticket}).to(c); got.StatusCode != 200 {
		t.Errorf("HEAD has used the ticket up: %d", got.StatusCode)
	}
}
