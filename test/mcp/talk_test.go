package mcp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// What the process asks goes to the stream of the call it works on, if there is one, and the
// client's answer to the process; the first answer counts, and one to nothing is refused.
func TestAsksTheClient(t *testing.T) {
	t.Parallel()
	p := legacyPeer(t, scripted(t))
	standing := p.get("")
	call := p.send(p.tool("1", "ask", `"method":"sampling/createMessage","params":{"k":"\u0041","n":1.0}`))
	question := call.message()
	if !strings.Contains(question, `"method":"sampling/createMessage","params":{"k":"\u0041","n":1.0}`) {
		t.Fatalf("%s", question)
	}
	id := callID(t, question)
	for status, response := range map[int][]string{
		http.StatusAccepted:   {`{"jsonrpc":"2.0","id":` + id + `,"result":{"text" : "\u0042", "n":2.0}}`},
		http.StatusBadRequest: {`{"jsonrpc":"2.0","id":"nothing","result":{}}`, `{"jsonrpc":"2.0","id":12345,"error":{"code":1,"message":"m"}}`},
	} {
		for _, body := range response {
			if a := p.send(p.post(body)).read(); a.status != status {
				t.Errorf("%s: %d %s", body, a.status, a.body)
			}
		}
	}
	if got := call.read().payload(t, "1"); got != `{"text" : "\u0042", "n":2.0}` {
		t.Errorf("%s", got)
	}
	if a := p.send(p.post(`{"jsonrpc":"2.0","id":` + id + `,"result":{}}`)).read(); a.status != http.StatusBadRequest {
		t.Errorf("a second answer: %d %s", a.status, a.body)
	}
	p.call("say", `"before":["{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}"]`)
	if m := standing.message(); !strings.Contains(m, "list_changed") {
		t.Errorf("the standing stream has %s", m)
	}
}

// What belongs to no call waits for the standing stream, and a newer one replaces it.
func TestStandingStream(t *testing.T) {
	t.Parallel()
	p := legacyPeer(t, scripted(t))
	note := func(i int) {
		p.call("say", fmt.Sprintf(`"before":["{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{\"data\":%d}}"]`, i))
	}
	note(1)
	note(2)
	one := p.get("")
	for i := 1; i <= 3; i++ {
		if i == 3 {
			note(3)
		}
		if m := one.message(); !strings.Contains(m, fmt.Sprintf(`"data":%d`, i)) {
			t.Errorf("%d: %s", i, m)
		}
	}
	two := p.get("")
	one.endsForNow(t)
	note(4)
	m := two.message()
	if strings.Contains(m, `"data":3`) { // of which the server did not know yet that it was read
		m = two.message()
	}
	if !strings.Contains(m, `"data":4`) {
		t.Errorf("%s", m)
	}
}

// What is said by the rules of HTTP and of the protocol about requests that cannot be.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	modern, legacy := modernPeer(t, s), legacyPeer(t, s)
	bare := &peer{t: t, http: modern.http, url: modern.url, version: legacyVersion}
	lost := &peer{t: t, http: modern.http, url: modern.url, version: legacyVersion, session: strings.Repeat("0", 32)}
	typed := func(r *http.Request, header, value string) *http.Request { r.Header.Set(header, value); return r }
	for name, test := range map[string]struct {
		request      *http.Request
		status, code int
		id           string
	}{
		"not JSON":            {legacy.post(`{"jsonrpc":"2.0","id":1,`), 400, -32700, "null"},
		"not JSON, modern":    {modern.post(`nonsense`), 400, -32700, "null"},
		"nothing":             {legacy.post(``), 400, -32700, "null"},
		"no object":           {legacy.post(`7`), 400, -32600, "null"},
		"an array":            {legacy.post(`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`), 400, -32600, "1"},
		"an array, modern":    {modern.post(`[]`), 400, -32600, "null"},
		"two messages":        {legacy.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}`), 400, -32700, "null"},
		"no type":             {typed(legacy.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}`), "Content-Type", "text/plain"), 415, 0, ""},
		"no session":          {bare.request("1", "tools/list", ""), 400, 0, ""},
		"no such session":     {lost.request("1", "tools/list", ""), 404, -32001, "1"},
		"GET, no session":     {bare.bare("GET", ""), 405, 0, ""},
		"DELETE, no session":  {bare.bare("DELETE", ""), 405, 0, ""},
		"GET, lost":           {lost.bare("GET", ""), 404, 0, ""},
		"DELETE, lost":        {lost.bare("DELETE", ""), 404, 0, ""},
		"PUT":                 {legacy.bare("PUT", "{}"), 405, 0, ""},
		"unknown version":     {typed(legacy.request("1", "ping", ""), "MCP-Protocol-Version", "1999-01-01"), 400, 0, ""},
		"another version":     {typed(legacy.request("1", "ping", ""), "MCP-Protocol-Version", "2025-06-18"), 400, 0, ""},
		"a modern initialize": {modern.request("1", "initialize", ""), 404, -32601, "1"},
	} {
		a := legacy.send(test.request).read()
		if a.status != test.status || test.code != 0 && len(a.messages) == 0 {
			t.Errorf("%s: %d %.200s", name, a.status, a.body)
			continue
		}
		if test.code == 0 {
			continue
		}
		e := parse(t, a.messages[0])
		if e.Error == nil || e.Error.Code != test.code || string(e.ID) != test.id && !(test.id == "null" && e.ID == nil) {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	for _, r := range []*http.Request{bare.bare("GET", ""), bare.bare("DELETE", "")} {
		if a := legacy.send(r).read(); a.header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow: %q", r.Method, a.header.Get("Allow"))
		}
	}
	if n := len(legacy.seen("")); n != 3 {
		t.Errorf("%d messages came to the process", n)
	}
}

// A session's id is of 128 bits and comes with a result; an initialize that has an older one
// opens another; DELETE ends it.
func TestSessionIDs(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	p := legacyPeer(t, s)
	first := p.session
	if len(first) < 32 {
		t.Errorf("the id %s", first)
	}
	if p.initialize(); p.session == "" || p.session == first {
		t.Errorf("the second id %s", p.session)
	}
	if n := len(s.Children()); n != 2 {
		t.Errorf("%d processes", n)
	}
	if a := p.send(p.bare("DELETE", "")).read(); a.status != http.StatusNoContent {
		t.Errorf("%d %s", a.status, a.body)
	}
	p.send(p.tool("1", "echo", "")).read().fails(t, http.StatusNotFound, -32001, "1")
	p.session = first
	if got := p.call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
	older := &peer{t: t, http: p.http, url: p.url, version: legacyVersion, session: strings.Repeat("f", 32)}
	if a := older.initialize(); a.status != 200 || older.session == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
