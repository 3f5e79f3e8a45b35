package mcp

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// Fifty calls at once that all have the id 1 get their own answers, which come in another
// order.
func TestEqualIDs(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, _ *harness.Server, p *peer) {
		const n = 50
		var all sync.WaitGroup
		for i := range n {
			payload := fmt.Sprintf(`"mine is %d"`, i)
			r := p.tool("1", "gather", fmt.Sprintf(`"n":%d,"payload":%s`, n, payload))
			all.Go(func() {
				a, err := p.ask(r)
				if err != nil || len(a.messages) != 1 {
					t.Errorf("%v: %+v", err, a)
					return
				}
				if !strings.HasPrefix(a.messages[0], `{"jsonrpc":"2.0","id":1,`) || !strings.Contains(a.messages[0], payload) {
					t.Errorf("%s: %s", payload, a.messages[0])
				}
			})
		}
		all.Wait()
		if calls := p.seen(`"gather"`); len(calls) != n {
			t.Errorf("%d calls came to the process", len(calls))
		}
	})
}

// What a client calls its request comes back as it was written, whatever a number is to
// others.
func TestIDsComeBack(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, _ *harness.Server, p *peer) {
		for _, id := range []string{
			`1`, `0`, `-7`, `"1"`, `""`, `9007199254740993`, `18446744073709551616`, `"\u0061\/b"`, `"a\"b\\"`, `"ünï\u0000"`,
			`"` + strings.Repeat("long ", 200) + `"`, `"$ID"`,
		} {
			a := p.send(p.tool(id, "echo", `"payload":[1]`)).read()
			if got := a.payload(t, id); got != "[1]" {
				t.Errorf("%s: %s", id, got)
			}
			a = p.send(p.request(id, "no/such", "")).read()
			a.fails(t, map[bool]int{true: http.StatusNotFound, false: http.StatusOK}[p.modern], -32601, id)
		}
	})
}

// payloads are such that writing them again would change them.
var payloads = []string{
	`{"b":1,"a":2,"b":3}`, `{"b" : 1 , "a":  [1.0,1e400,-0,0.10]}`, `"\u00e9\/<>&\u2028"`, `9007199254740993`,
	`{"id":1,"method":"x","params":{"progressToken":1},"progressToken":5}`, `"` + strings.Repeat("x", 300_000) + `"`, "\"\U0001f600\u2028\"", `[[[[{}]]]]`,
}

// What is said goes through byte for byte, in both directions.
func TestPayloadsComeBack(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, _ *harness.Server, p *peer) {
		for i, payload := range payloads {
			if got := p.call("echo", `"payload":`+payload); got != payload {
				t.Errorf("%.80s came back as %.80s", payload, got)
			}
			if seen := p.seen(payload[:min(len(payload), 80)]); i < 5 && len(seen) == 0 {
				t.Errorf("%s did not come to the process", payload)
			}
		}
	})
}

// A body on many lines is one message for the process.
func TestBodyOnManyLines(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, _ *harness.Server, p *peer) {
		r := p.tool("1", "echo", "\"payload\" :\r\n\t{\n\"a\"\n:\n1 }\n")
		if got := p.send(r).read().payload(t, "1"); strings.Join(strings.Fields(got), "") != `{"a":1}` {
			t.Errorf("%q", got)
		}
	})
}

// Calls whose ids and progress tokens are equal get their own progress, all of it, though no
// other stream is open.
func TestEqualProgressTokens(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, _ *harness.Server, p *peer) {
		var all sync.WaitGroup
		for i := range 20 {
			n, token := 3+i, []string{`1`, `"t"`, `9007199254740993`, `"\u0074"`}[i%4]
			r := p.toolProgress("1", token, "progress", fmt.Sprintf(`"n":%d,"payload":%d`, n, n))
			all.Go(func() {
				a, err := p.ask(r)
				if err != nil || len(a.messages) != n+1 {
					t.Errorf("%v: %+v", err, a)
					return
				}
				for k, m := range a.messages[:n] {
					want := fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":%d,"total":%d}}`, token, k+1, n)
					if m != want {
						t.Errorf("%s, expected %s", m, want)
					}
				}
				if last := fmt.Sprintf(`"payload":%d}`, n); !strings.Contains(a.messages[n], last) {
					t.Errorf("%s has no %s", a.messages[n], last)
				}
			})
		}
		all.Wait()
	})
}

// Progress that comes behind the response, and a second response, are for nobody: not for
// the next call either.
func TestNothingAfterTheResponse(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, _ *harness.Server, p *peer) {
		const progress = `{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":$TOKEN,\"progress\":1}}`
		const again = `{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"again\":true}}`
		for range 3 {
			a := p.send(p.toolProgress("1", "5", "say", `"payload":7,"after":["`+progress+`","`+again+`"]`)).read()
			if got := a.payload(t, "1"); got != "7" || len(a.messages) != 1 {
				t.Errorf("%q", a.messages)
			}
		}
	})
}

// A response that is the first thing said is JSON, and else there is a stream; a client that
// takes only one of the two gets that one.
func TestAccept(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, _ *harness.Server, p *peer) {
		for _, test := range []struct{ accept, silent, telling string }{
			{jsonType + ", " + eventStream, jsonType, eventStream},
			{eventStream + "," + jsonType + ";q=0.5", jsonType, eventStream},
			{"*/*", jsonType, eventStream},
			{jsonType, jsonType, jsonType},
			{eventStream, eventStream, eventStream},
			{"application/*", jsonType, jsonType},
			{"", jsonType, eventStream}, // no header accepts everything (RFC 9110 section 12.5.1)
		} {
			for n, want := range map[int]string{0: test.silent, 2: test.telling} {
				r := p.toolProgress("1", "1", "progress", fmt.Sprintf(`"n":%d,"payload":1`, n))
				if r.Header.Set("Accept", test.accept); test.accept == "" {
					r.Header.Del("Accept")
				}
				a := p.send(r).read()
				if got, _, _ := strings.Cut(a.header.Get("Content-Type"), ";"); got != want || a.payload(t, "1") != "1" {
					t.Errorf("%q, %d: %s: %q", test.accept, n, got, a.messages)
				}
				if want == eventStream && (a.header.Get("X-Accel-Buffering") != "no" || len(a.messages) != n+1) {
					t.Errorf("%q: %v %q", test.accept, a.header, a.messages)
				}
			}
		}
		r := p.tool("1", "echo", "")
		r.Header.Set("Accept", "text/html")
		if a := p.send(r).read(); a.status != http.StatusNotAcceptable {
			t.Errorf("%d", a.status)
		}
	})
}
