package access

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// isolated is a program with a process for each user, which says whose it is.
const isolated = `
[program.shared]
command  = ["sh", "-c", 'echo "$REMOTE_USER $AUTH_TYPE $$"; exec cat']
lifetime = "shared"
isolate  = "user"
linger   = "1h"
`

// TestIsolatedUsers: each user has a shared process of their own, over every face and whatever
// proves who they are; what one says no other hears.
func TestIsolatedUsers(t *testing.T) {
	t.Parallel()
	k := kindOf("token")
	h := &house{dir: t.TempDir()}
	h.write(t, "websocketd.toml", isolated)
	h.open(t, k.flags(t, h)...)
	ann, bob, login := k.ann[0], k.bob[0], line("Cookie: "+h.cookie(t, k.ann[0]))

	viewer := func(p proof) (c *harness.Conn, first string) {
		c = h.Open(t, p.on(harness.Handshake("/shared")))
		m, err := c.Receive()
		if err != nil {
			t.Fatal(err)
		}
		return c, string(m.Data)
	}
	anns, hers := viewer(ann)
	bobs, his := viewer(bob)
	if !strings.HasPrefix(hers, "ann Bearer ") || !strings.HasPrefix(his, "bob Bearer ") {
		t.Errorf("ann has the process %q, bob %q", hers, his)
	}
	for name, p := range map[string]proof{"her token": ann, "it in a subprotocol": k.ann[1], "a login": login} {
		if _, first := viewer(p); first != hers {
			t.Errorf("ann with %s has the process %q, not %q", name, first, hers)
		}
		if first := h.firstEvent(t, p); first != hers {
			t.Errorf("ann with %s has the events of %q, not of %q", name, first, hers)
		}
	}
	if a := h.send(t, harness.Post("/shared", "of bob's"), bob); a.status != 204 {
		t.Errorf("bob's POST: %d %s", a.status, a.body)
	}
	bobs.Expect(t, "of bob's")
	if a := h.send(t, harness.Post("/shared", "of ann's"), login); a.status != 204 {
		t.Errorf("ann's POST: %d %s", a.status, a.body)
	}
	anns.Expect(t, "of ann's")
	bobs.Echo(t, "of bob's again") // and nothing of ann's before it

	before := len(h.Children())
	if a := h.send(t, harness.Handshake("/shared"), proof{}); a.status != 401 {
		t.Errorf("nobody: %d %s", a.status, a.body)
	}
	if after := len(h.Children()); before != 2 || after != 2 {
		t.Errorf("%d processes, and %d after a refusal, for two users", before, after)
	}
}

// firstEvent returns the data of the first event of the shared program.
func (h *house) firstEvent(t *testing.T, p proof) string {
	t.Helper()
	c := h.DialFrom(t, ownAddress())
	defer c.Conn.Close()
	if _, err := io.WriteString(c.Conn, p.on(accepting("/shared", events)).String()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(c.Conn)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			return data
		}
	}
	t.Fatalf("no event: %v", lines.Err())
	return ""
}
