package mcp

import (
	"net/http"
	"path/filepath"
	"testing"

	"websocketd/test/harness"
)

// A process that ends just after its answer to initialize leaves the next one as it was: that is
// initialized before it is given anything else.
func TestNextIsInitialized(t *testing.T) {
	t.Parallel()
	const script = `[ -e "$0" ] || { : >"$0"; read -r first; exec <&-; echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}'; sleep .1; exit 5; }
		read -r first
		case $first in *'"initialize"'*) ;; *) exit 9 ;; esac
		id=$(printf %s "$first" | sed 's/.*"id":\([0-9]*\).*/\1/')
		echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
		exec "$@"`
	s := harness.Start(t, harness.Binary(t), "--mcp", "--shared", "sh", "-c", script, filepath.Join(t.TempDir(), "begun"), harness.Child(t), "mcp")
	p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
	c := &openCall{id: `"early"`}
	c.answer, c.err = p.ask(p.request(c.id, "tools/list", ""))
	c.told(t, "exit status 5")
	a := p.send(p.request("2", "tools/list", "")).read()
	if a.status != http.StatusOK || a.last(t, "2").Result == nil {
		t.Errorf("the next process does not answer: %d %q", a.status, a.messages)
	}
	if seen := p.seen(""); len(seen) != 3 || parse(t, seen[0]).Method != "notifications/initialized" {
		t.Errorf("it was given %q", seen)
	}
}
