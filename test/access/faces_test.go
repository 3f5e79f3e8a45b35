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
	public bool    // everyone may
}

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

// faces are all that the server answers. See house for what is where.
var faces = []face{
	{"WebSocket", "admit.go", harness.Handshake("/own"), 101, own, false},
	{"events", "request.go", accepting("/own", events), 200, own, false},
	{"POST", "request.go", posting("/own"), 200, own, false},
	{"state", "request.go", accepting("/own?state", document), 200, nothing, false},

	{"shared WebSocket", "admit.go", harness.Handshake("/shared"), 101, common, false},
	{"shared events", "request.go", accepting("/shared", events), 200, common, false},
	{"shared POST", "request.go", posting("/shared"), 204, common, false},
	{"shared long poll", "request.go", accepting("/shared?after=0&wait=30s", document), 200, common, false},

	{"session WebSocket", "admit.go", harness.Handshake("/session"), 101, own, false},
	{"session events", "request.go", accepting("/session", events), 200, own, false},
	{"session made", "request.go", posting("/session?session=new"), 201, own, false},
	{"session asked for", "request.go", accepting("/session?session=0", document), 404, nothing, false},
	{"session ended", "request.go", harness.Get("/session?session=0").As("DELETE", "HTTP/1.1"), 404, nothing, false},
	{"session ticket", "request.go", posting("/session?session=0&ticket=new"), 404, nothing, false},

	{"CGI", "cgi.go", harness.Get("/cgi-bin/tell.sh"), 200, own, false},
	{"CGI POST", "cgi.go", posting("/cgi-bin/tell.sh"), 200, own, false},
	{"static file", "http.go", harness.Get("/page.txt"), 200, nothing, false},
	{"console document", "console.go", harness.Get("/.websocketd/console.json"), 200, nothing, false},
	{"console feed", "console.go", harness.Handshake("/.websocketd/console"), 101, nothing, false},

	{"console", "", harness.Get("/"), 200, nothing, true},
	{"browser client", "", harness.Get("/.websocketd/client.js"), 200, nothing, true},
	{"preflight", "", harness.Get("/own").As("OPTIONS", "HTTP/1.1").Add("Access-Control-Request-Method", "POST").Add("Origin", "http://localhost"), 204, nothing, true},
}

// tested elsewhere are files that have the credentials checked and no request of ours gets
// to: what only a Go program can have. Each has its test in libwebsocketd.
var elsewhere = map[string]string{
	"mount.go":   "TestMountCredentials",
	"dialect.go": "TestDialectCredentials",
}
