package mcp

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"websocketd/test/harness"
)

// callID returns the id that a call had for the process, as it stands in the line it got.
func callID(t *testing.T, line string) string {
	t.Helper()
	return string(parse(t, line).ID)
}

// cancelled returns the ids of the calls that the process was told are cancelled.
func (p *peer) cancelled() (ids []string) {
	p.t.Helper()
	for _, line := range p.seen(`"notifications/cancelled"`) {
		var params struct {
			RequestID json.RawMessage `json:"requestId"`
		}
		if err := json.Unmarshal(parse(p.t, line).Params, &params); err != nil {
			p.t.Fatal(err)
		}
		ids = append(ids, string(params.RequestID))
	}
	return ids
}

// A modern client that leaves its call cancels it, whether something was said or not, and the
// call of another with the same id goes on.
func TestModernLeavesAndCancels(t *testing.T) {
	t.Parallel()
	for name, progress := range map[string]string{"silent": "", "told something": `"n":1`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(t)
			stays, leaves := modernPeer(t, s), modernPeer(t, s)
			calls, wait := stays.hang(1)
			proxy := harness.NewProxy(t, s.Addr)
			leaves.url = "http://" + proxy.Addr + "/"
			r := leaves.toolProgress(calls[0].id, "1", "hang", join(progress, `"payload":"leaves"`))
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				if stream, err := leaves.try(r); err == nil {
					stream.next()
					stream.next()
				}
			}()
			harness.Until(t, "both calls are open", func() bool { return stays.number("parked") == 2 })
			proxy.Reset()
			<-gone
			harness.Until(t, "one call is open", func() bool { return stays.number("parked") == 1 })
			left := callID(t, stays.seen(`"leaves"`)[0])
			if ids := stays.cancelled(); len(ids) != 1 || ids[0] != left {
				t.Errorf("%s left, and %v are cancelled", left, ids)
			}
			stays.call("release", "")
			wait()
			if got := calls[0].answer.payload(t, calls[0].id); got != `"released"` {
				t.Error(got)
			}
		})
	}
}

// A client with a session that leaves its call cancels nothing. If it says that it cancels,
// the process is told its own name of the call, of the newest with that id.
func TestLegacyCancels(t *testing.T) {
	t.Parallel()
	p := legacyPeer(t, scripted(t))
	s := p.send(p.toolProgress(`"x"`, "1", "hang", `"n":1`))
	s.message()
	s.Body.Close()
	if open, ids := p.number("parked"), p.cancelled(); open != 1 || len(ids) > 0 {
		t.Fatalf("%d open, %v cancelled", open, ids)
	}
	cancel := func(id string) {
		a := p.send(p.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":` + id + `,"reason":"r \u0041"}}`)).read()
		if a.status != http.StatusAccepted || len(a.body) > 0 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	cancel(`"x"`)
	harness.Until(t, "no call is open", func() bool { return p.number("parked") == 0 })
	call := callID(t, p.seen(`"hang"`)[0])
	if ids := p.cancelled(); len(ids) != 1 || ids[0] != call || len(p.seen(`"reason":"r \u0041"`)) != 1 {
		t.Errorf("%s was called, %v is cancelled", call, ids)
	}
	cancel(`"no such call"`)
	if got := p.call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
	if ids := p.cancelled(); len(ids) > 2 || len(ids) == 2 && ids[1] == call {
		t.Errorf("cancelled: %v", ids)
	}
}

// Subscriptions of clients that give them the same id get each its own, under that id, until
// the client leaves, which the process is told.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	p := modernPeer(t, s)
	listen := func(wanted string) *stream {
		l := p.send(p.request("1", "subscriptions/listen", `"notifications":{`+wanted+`}`))
		const head = `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":1}`
		if m := l.message(); !strings.HasPrefix(m, head) || !strings.Contains(m, wanted) {
			t.Fatalf("%s", m)
		}
		return l
	}
	one, two := listen(`"toolsListChanged":true`), listen(`"resourceSubscriptions":["file:///a"]`)
	p.call("publish", `"method":"notifications/tools/list_changed","params":{"k":[1.0]}`)
	for _, l := range []*stream{one, two} {
		if m := l.message(); !strings.Contains(m, `"io.modelcontextprotocol/subscriptionId":1}`) || !strings.Contains(m, `"k":[1.0]`) {
			t.Errorf("%s", m)
		}
	}
	one.Body.Close()
	harness.Until(t, "the process is told", func() bool { return p.number("parked") == 1 })
	first := callID(t, p.seen(`"toolsListChanged"`)[0])
	if ids := p.cancelled(); len(ids) != 1 || ids[0] != first {
		t.Errorf("%s left, %v are cancelled", first, ids)
	}
	p.call("publish", `"method":"notifications/resources/updated","params":{"uri":"file:///a"}`)
	if m := two.message(); !strings.Contains(m, `"uri":"file:///a"`) {
		t.Errorf("%s", m)
	}
	p.try(p.tool("2", "crash", `"n":1`))
	two.completed(t, "1")
}

// A client that has sent its end while the process reads nothing is asked whether it is still there, be it that of
// a call or of a notification.
func TestAskedWhileDeaf(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"prompts/get", "notifications/large"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), "--mcp", "--mcpstart=1h", "--pingms=1000", "sh", "-c", "exec sleep 1000")
			p := modernPeer(t, s)
			r := p.request("1", method, `"name":"x","text":"`+strings.Repeat("x", 3<<20)+`"`)
			if strings.HasPrefix(method, "notifications/") {
				r = p.withoutID(r)
			}
			var request bytes.Buffer
			if err := r.Write(&request); err != nil {
				t.Fatal(err)
			}
			c := s.Dial(t)
			c.Send(t, request.String())
			s.Out.Await(t, "START") // the request is read
			c.Conn.(interface{ CloseWrite() error }).CloseWrite()
			const asked = "HTTP/1.1 100 Continue"
			got := make([]byte, len(asked))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != asked {
				t.Errorf("%v: %q", err, got)
			}
		})
	}
}

// withoutID makes a request of p a notification.
func (p *peer) withoutID(r *http.Request) *http.Request {
	p.t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	n := p.post(strings.Replace(string(body), `"id":1,`, "", 1))
	n.Header = r.Header
	return n
}
