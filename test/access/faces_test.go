package access

import (
	"websocketd/test/harness"
)

// face is one way to ask the server for something.
type face struct {
	name    string
	at      string // the file of libwebsocketd that has the credentials checked
	request harness.Request
	status  int // for those who may

	starts process // what an answered request starts
	open   openness
}

// openness is who may ask.
type openness int

const (
	known  openness = iota // ann, however that is known
	called                 // whoever is known, of whom only ann gets what she calls
	shown                  // whoever is known, and shows that by credentials, not by what was got for them
	public                 // everyone
)

// process is what a request starts.
type process int

const (
	nothing process = iota
	own             // a process for this client
	common          // one for all clients, unless it runs already
)

const events, document = "text/event-stream", "application/json"

func accepting(target, kind string) harness.Request {
	return harness.Get(target).Add("Accept", kind)
}

func posting(target string) harness.Request {
	return harness.Get(target).As("POST", "HTTP/1.1").Add("Content-Length", "0")
}

// initialize begins a session of a server of the Model Context Protocol.
var initialize = harness.Post("/mcp", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`).
	Add("Content-Type", "application/json")

// faces are all that the server answers. See house for what is where.
var faces = []face{
	{"WebSocket", "admit.go", harness.Handshake("/own"), 101, own, known},
	{"events", "request.go", accepting("/own", events), 200, own, known},
	{"POST", "request.go", posting("/own"), 200, own, known},
	{"state", "request.go", accepting("/own?state", document), 200, nothing, known},

	{"shared WebSocket", "admit.go", harness.Handshake("/shared"), 101, common, known},
	{"shared events", "request.go", accepting("/shared", events), 200, common, known},
	{"shared POST", "request.go", posting("/shared"), 204, common, known},
	{"shared long poll", "request.go", accepting("/shared?after=0&wait=30s", document), 200, common, known},

	{"session WebSocket", "admit.go", harness.Handshake("/session"), 101, own, known},
	{"session events", "request.go", accepting("/session", events), 200, own, known},
	{"session made", "request.go", posting("/session?session=new"), 201, own, known},
	{"session asked for", "request.go", accepting("/session?session=0", document), 404, nothing, known},
	{"session ended", "request.go", harness.Get("/session?session=0").As("DELETE", "HTTP/1.1"), 404, nothing, known},
	{"session ticket", "request.go", posting("/session?session=0&ticket=new"), 404, nothing, known},

	{"MCP session made", "request.go", initialize, 200, own, known},
	{"MCP session ended", "request.go", harness.Get("/mcp").As("DELETE", "HTTP/1.1").Add("Mcp-Session-Id", "0"), 404, nothing, known},

	{"call", "call.go", harness.Post(callPath, `{"call":"own"}`), 200, own, known},
	{"call WebSocket", "dialect.go", harness.Handshake("/pow/").Add("Sec-WebSocket-Protocol", "pow-1"), 101, own, called},
	{"call asked for", "mount.go", harness.Get("/pow/status/0"), 404, nothing, called},
	{"calls described", "mount.go", harness.Get("/pow/openapi.json"), 200, nothing, called},

	{"CGI", "cgi.go", harness.Get("/cgi-bin/tell.sh"), 200, own, known},
	{"CGI POST", "cgi.go", posting("/cgi-bin/tell.sh"), 200, own, known},
	{"static file", "http.go", harness.Get("/page.txt"), 200, nothing, known},
	{"console document", "console.go", harness.Get("/.websocketd/console.json"), 200, nothing, known},
	{"console feed", "console.go", harness.Handshake("/.websocketd/console"), 101, nothing, known},
	{"console feed of a path", "call.go", harness.Handshake("/.websocketd/console?at=/own"), 101, nothing, known},
	{"ticket", "login.go", posting("/.websocketd/ticket"), 200, nothing, shown},
	{"login", "login.go", posting("/.websocketd/login"), 204, nothing, shown},

	{"logout", "", posting("/.websocketd/logout"), 204, nothing, public},
	{"console", "", harness.Get("/"), 200, nothing, public},
	{"browser client", "", harness.Get("/.websocketd/client.js"), 200, nothing, public},
	{"preflight", "", harness.Get("/own").As("OPTIONS", "HTTP/1.1").Add("Access-Control-Request-Method", "POST").Add("Origin", "http://localhost"), 204, nothing, public},
}

// elsewhere are files that have the credentials checked for what only a Go program can have, and
// the tests of that in libwebsocketd.
var elsewhere = map[string]string{
	"mount.go":   "TestMountCredentials",
	"dialect.go": "TestDialectCredentials",
}
