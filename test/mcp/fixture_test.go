package mcp

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

const (
	modernVersion = "2026-07-28"
	legacyVersion = "2025-11-25"
	jsonType      = "application/json"
	eventStream   = "text/event-stream"
)

// scripted starts our binary before the server of test/child that does what a test asks.
// The flags of websocketd end with "--"; what follows are flags of the child.
func scripted(t *testing.T, args ...string) *harness.Server {
	t.Helper()
	own, childs := args, []string(nil)
	for i, arg := range args {
		if arg == "--" {
			own, childs = args[:i], args[i+1:]
			break
		}
	}
	command := append([]string{harness.Child(t), "mcp"}, childs...)
	return harness.Start(t, harness.Binary(t), append(append([]string{"--mcp"}, own...), command...)...)
}

// peer is a client of one of the two eras.
type peer struct {
	t       *testing.T
	http    *http.Client
	url     string
	modern  bool
	version string
	session string // of a legacy client that has opened one
	user    string // whose token is sent; "" is none
}

// modernPeer returns a client of the stateless era.
func modernPeer(t *testing.T, s *harness.Server) *peer {
	return &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", modern: true, version: modernVersion}
}

// legacyPeer returns a client with a session.
func legacyPeer(t *testing.T, s *harness.Server) *peer {
	t.Helper()
	p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
	a := p.initialize()
	if p.session == "" {
		t.Fatalf("no session: %d %v %s", a.status, a.header, a.body)
	}
	return p
}

// bothEras runs a test as a modern client and as one with a session.
func bothEras(t *testing.T, args []string, test func(t *testing.T, s *harness.Server, p *peer)) {
	for name, open := range map[string]func(*testing.T, *harness.Server) *peer{"modern": modernPeer, "legacy": legacyPeer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(t, args...)
			test(t, s, open(t, s))
		})
	}
}

// initialize opens a session, and takes its id.
func (p *peer) initialize() *answer {
	p.t.Helper()
	a, err := p.tryInitialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// tryInitialize is initialize for any goroutine.
func (p *peer) tryInitialize() (*answer, error) {
	a, err := p.ask(p.request(`"init"`, "initialize", `"protocolVersion":"`+p.version+`","capabilities":{},"clientInfo":{"name":"test","version":"1"}`))
	if err != nil {
		return nil, err
	}
	if p.session = a.header.Get("Mcp-Session-Id"); p.session == "" {
		return a, nil
	}
	n, err := p.ask(p.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`))
	if err == nil && n.status != http.StatusAccepted {
		err = &refusedInitialized{n}
	}
	return a, err
}

// refusedInitialized is the error of tryInitialize for a session that was opened, and is refused then.
type refusedInitialized struct{ *answer }

func (e *refusedInitialized) Error() string {
	return fmt.Sprintf("initialized: %d %s", e.status, e.body)
}

// request makes a JSON-RPC request of this era; id is raw JSON, params are members.
func (p *peer) request(id, method, params string) *http.Request {
	return p.requestMeta(id, method, params, "")
}

// requestMeta is request with more members of _meta.
func (p *peer) requestMeta(id, method, params, meta string) *http.Request {
	p.t.Helper()
	if p.modern {
		meta = join(meta, fmt.Sprintf(`"io.modelcontextprotocol/protocolVersion":%q,"io.modelcontextprotocol/clientCapabilities":{}`, p.version))
	}
	if meta != "" {
		params = join(params, `"_meta":{`+meta+`}`)
	}
	r := p.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{%s}}`, id, method, params))
	if p.modern {
		r.Header.Set("Mcp-Method", method)
		var named struct{ Name, URI string }
		json.Unmarshal([]byte("{"+params+"}"), &named)
		switch method {
		case "tools/call", "prompts/get":
			r.Header.Set("Mcp-Name", named.Name)
		case "resources/read":
			r.Header.Set("Mcp-Name", named.URI)
		}
	}
	return r
}

// post makes the POST of any body.
func (p *peer) post(body string) *http.Request {
	p.t.Helper()
	r := p.bare("POST", body)
	r.Header.Set("Content-Type", jsonType)
	r.Header.Set("Accept", jsonType+", "+eventStream)
	return r
}

// bare makes a request with the headers of the session only.
func (p *peer) bare(method, body string) *http.Request {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.session != "" || p.modern {
		r.Header.Set("MCP-Protocol-Version", p.version)
	}
	if p.session != "" {
		r.Header.Set("Mcp-Session-Id", p.session)
	}
	if p.user != "" {
		r.Header.Set("Authorization", bearer(p.user))
	}
	return r
}

// get opens the stream of the session, or goes on behind an event of one.
func (p *peer) get(lastEventID string) *stream {
	p.t.Helper()
	r := p.bare("GET", "")
	r.Header.Set("Accept", eventStream)
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	return p.send(r)
}

// tool makes a call of a tool; arguments are members.
func (p *peer) tool(id, name, arguments string) *http.Request {
	p.t.Helper()
	return p.request(id, "tools/call", fmt.Sprintf(`"name":%q,"arguments":{%s}`, name, arguments))
}

// toolProgress is tool with a progress token.
func (p *peer) toolProgress(id, token, name, arguments string) *http.Request {
	p.t.Helper()
	return p.requestMeta(id, "tools/call", fmt.Sprintf(`"name":%q,"arguments":{%s}`, name, arguments), `"progressToken":`+token)
}

// call calls a tool and returns the payload of its answer.
func (p *peer) call(name, arguments string) string {
	p.t.Helper()
	a := p.send(p.tool("77", name, arguments)).read()
	return a.payload(p.t, "77")
}

// number calls a tool whose payload is a number.
func (p *peer) number(name string) (n int) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.call(name, "")), &n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

// seen returns the lines the process of this client has got that contain text.
func (p *peer) seen(text string) (lines []string) {
	p.t.Helper()
	var all []string
	if err := json.Unmarshal([]byte(p.call("seen", "")), &all); err != nil {
		p.t.Fatal(err)
	}
	for _, line := range all {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

// send sends a request and reads the head of the answer.
func (p *peer) send(r *http.Request) *stream {
	p.t.Helper()
	s, err := p.try(r)
	if err != nil {
		p.t.Fatalf("%s: %v", r.Method, err)
	}
	return s
}

// try is send for other goroutines than the test's.
func (p *peer) try(r *http.Request) (*stream, error) {
	resp, err := p.http.Do(r)
	if err != nil {
		return nil, err
	}
	p.t.Cleanup(func() { resp.Body.Close() })
	return &stream{Response: resp, t: p.t, r: bufio.NewReader(resp.Body)}, nil
}

// ask sends a request and reads all of the answer, in any goroutine.
func (p *peer) ask(r *http.Request) (*answer, error) {
	s, err := p.try(r)
	if err != nil {
		return nil, err
	}
	return s.tryRead()
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "," + b
}
