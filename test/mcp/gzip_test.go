package mcp

import (
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// With --gzip a client that accepts it gets large results and streams compressed, each message at
// once; Go's takes the coding off by itself.
func TestGzip(t *testing.T) {
	t.Parallel()
	bothEras(t, []string{"--gzip"}, func(t *testing.T, _ *harness.Server, p *peer) {
		p.http.Transport.(*http.Transport).DisableCompression = false
		large := `"` + strings.Repeat("large ", 1000) + `"`
		whole := p.send(p.tool("1", "echo", `"payload":`+large))
		if !whole.Uncompressed || whole.isStream() {
			t.Errorf("a large result: %v", whole.Header)
		}
		if got := whole.read().payload(t, "1"); got != large {
			t.Errorf("%.100q", got)
		}
		if small := p.send(p.tool("2", "echo", `"payload":1`)); small.Uncompressed || small.read().payload(t, "2") != "1" {
			t.Errorf("a small result: %v", small.Header)
		}
		steps := p.send(p.toolProgress("3", `"t"`, "progress", `"n":3`))
		if !steps.Uncompressed || !steps.isStream() {
			t.Errorf("a stream: %v", steps.Header)
		}
		if a := steps.read(); len(a.messages) != 4 {
			t.Errorf("%q", a.messages)
		}
	})
}
