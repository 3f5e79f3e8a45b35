package mcp

import (
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// A call that was answered because its process ended is given to no other process: a client that
// calls again would have it done twice.
func TestNotGivenTwice(t *testing.T) {
	t.Parallel()
	once := `[ -e "$0" ] || { : >"$0"; exec <&-; sleep .2; exit 8; }; exec "$@"`
	s := harness.Start(t, harness.Binary(t), "--mcp", "sh", "-c", once, filepath.Join(t.TempDir(), "begun"), harness.Child(t), "mcp")
	p := modernPeer(t, s)
	for _, id := range []string{`"first"`, `"second"`} {
		c := &openCall{id: id}
		c.answer, c.err = p.ask(p.request(id, "prompts/get", `"name":"once"`))
		if id == `"first"` {
			c.told(t, "8")
		} else if c.err != nil || c.answer.payload(t, id) != `"prompts/get"` {
			t.Errorf("%v %+v", c.err, c.answer)
		}
	}
	if seen := p.seen("prompts/get"); len(seen) != 1 {
		t.Errorf("the next process has got %d calls: %q", len(seen), seen)
	}
}

// A request that ends the process before it has read all of it ends no other process.
func TestPoisonedOnce(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--shared"}} {
		starts := filepath.Join(t.TempDir(), "starts")
		s := scripted(t, append(args, "--", "-poison=arsenic", "-starts="+starts)...)
		p := modernPeer(t, s)
		if args != nil {
			p = sharing(t, s)
		}
		c := &openCall{id: "1"}
		c.answer, c.err = p.ask(p.tool("1", "echo", `"payload":"arsenic`+strings.Repeat(" ", 3<<20)+`"`))
		c.told(t, "7")
		for range 2 {
			if got := p.call("echo", `"payload":1`); got != "1" {
				t.Error(got)
			}
		}
		if n := len(lines(starts)); n != 2 {
			t.Errorf("%v: %d processes were started", args, n)
		}
	}
}
