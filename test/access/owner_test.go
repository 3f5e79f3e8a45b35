package access

import (
	"encoding/json"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestSessionsHaveOwners: a session is not there for another user of the same server,
// whatever of it they hold. Its owner opens it by the id alone.
func TestSessionsHaveOwners(t *testing.T) {
	t.Parallel()
	k := kindOf("token")
	h := newHouse(t)
	h.open(t, k.flags(t, h)...)
	ann, bob := k.ann[0], k.bob[0]
	made := h.send(t, posting("/session?session=new"), ann)
	var session struct{ URL, Secret string }
	if err := json.Unmarshal([]byte(made.body), &session); err != nil || made.status != 201 {
		t.Fatalf("%d %s: %v", made.status, made.body, err)
	}
	cookie, _, _ := strings.Cut(made.header.Get("Set-Cookie"), ";")
	requests := []harness.Request{
		harness.Handshake(session.URL), accepting(session.URL, events), accepting(session.URL+"&wait=0s&after=0", document),
		accepting(session.URL, document), accepting(session.URL+"&state", document), posting(session.URL), posting(session.URL + "&ticket=new"),
	}
	for _, r := range requests {
		if a := h.send(t, r, ann); a.status >= 400 {
			t.Errorf("its owner, %s %s: %d %s", r.Method, r.Target, a.status, a.body)
		}
	}
	for _, r := range append(requests, harness.Get(session.URL).As("DELETE", "HTTP/1.1")) {
		for what, p := range map[string]proof{
			"the id":     bob,
			"the cookie": {lines: append([]string{"Cookie: " + cookie}, bob.lines...)},
		} {
			if a := h.send(t, r, p); a.status != 404 || strings.Contains(a.body, "ann") {
				t.Errorf("with %s, %s %s: %d %s, expected 404", what, r.Method, r.Target, a.status, a.body)
			}
		}
		if a := h.send(t, r, line("Authorization: Bearer "+session.Secret)); a.status != 401 {
			t.Errorf("a secret is no credential, %s %s: %d %s", r.Method, r.Target, a.status, a.body)
		}
	}
	before := h.started(t)
	if a := h.send(t, harness.Handshake("/session"), proof{lines: append([]string{"Cookie: " + cookie}, bob.lines...)}); a.status != 101 || a.header.Get("Set-Cookie") == "" {
		t.Errorf("bob with ann's cookie: %d %v", a.status, a.header)
	}
	harness.Reaches(t, "processes", before+1, func() int { return h.started(t) })
}

// TestCallsHaveOwners: a call over HTTP is not there for another user, who has its id.
func TestCallsHaveOwners(t *testing.T) {
	t.Parallel()
	k := kindOf("token")
	h := newHouse(t)
	h.open(t, k.flags(t, h)...)
	ann, bob := k.ann[0], k.bob[0]
	id := idOf(t, h.send(t, harness.Post(callPath, `{"call":"own"}`), ann))
	requests := []harness.Request{
		harness.Get("/pow/status/" + id), harness.Post("/pow/input/"+id, "hello\n"), posting("/pow/closeInput/" + id), posting("/pow/cancel/" + id),
	}
	for _, r := range requests {
		if a := h.send(t, r, bob); a.status != 404 || strings.TrimSpace(a.body) != "process not found" {
			t.Errorf("another user, %s: %d %s", r.Target, a.status, a.body)
		}
		if a := h.send(t, r, proof{}); a.status != 401 {
			t.Errorf("nobody, %s: %d %s", r.Target, a.status, a.body)
		}
	}
	for _, r := range requests {
		if a := h.send(t, r, ann); a.status != 200 || strings.Contains(a.body, "rejected") {
			t.Errorf("its user, %s: %d %s", r.Target, a.status, a.body)
		}
	}
}
