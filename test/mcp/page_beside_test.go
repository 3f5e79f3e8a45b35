package mcp

import (
	"path/filepath"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// TestBesideFiles: files are served beside the server of MCP, whose path may be above theirs; where
// there is no page, a client is told what there is.
func TestBesideFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "index.html"), "the page", 0o644)
	harness.WriteFile(t, filepath.Join(dir, "app.js"), "the script", 0o644)
	with := harness.Start(t, harness.Binary(t), "--mcp", "--staticdir="+dir, "cat")
	without := harness.Start(t, harness.Binary(t), "--mcp", "cat")
	for _, test := range []struct {
		s       *harness.Server
		request harness.Request
		status  int
		allow   string
		body    string
	}{
		{with, harness.Get("/").Add("Accept", "*/*"), 200, "", "the page"},
		{with, harness.Get("/app.js"), 200, "", "the script"},
		{with, harness.Get("/").Add("Accept", "text/event-stream"), 405, "POST", "Mcp-Session-Id"},
		{without, harness.Get("/").Add("Accept", "text/html"), 405, "POST", "an MCP server is here"},
		{without, harness.Get("/").Add("Accept", "text/event-stream"), 405, "POST", "Mcp-Session-Id"},
		{without, harness.Get("/").As("PUT", "HTTP/1.1"), 405, "GET, POST, DELETE, OPTIONS", "asked by POST"},
		{without, harness.Get("/").As("POST", "HTTP/1.1").Add("Content-Length", "17000000").Add("Content-Type", "application/json"), 413, "", `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,`},
	} {
		c := test.s.Ask(t, test.request)
		if c.Status() != test.status || c.Header("Allow") != test.allow || !strings.Contains(c.Body, test.body) {
			t.Errorf("%s %s: %d, Allow %q, %q", test.request.Method, test.request.Target, c.Status(), c.Header("Allow"), c.Body)
		}
	}
}
