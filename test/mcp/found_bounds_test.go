package mcp

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"websocketd/test/harness"
)

// Answers that clients do not read count in --maxmemory when they come as events, too: who is
// above it is told, and others are answered.
func TestLargeAnswersUnread(t *testing.T) {
	t.Parallel()
	bothEras(t, []string{"--maxmemory=32M", "--history=16M"}, func(t *testing.T, _ *harness.Server, p *peer) {
		const n, size = 8, 12 << 20
		var unread []*stream
		for i := range n {
			unread = append(unread, p.send(p.toolProgress(fmt.Sprint(i), fmt.Sprint(i), "big", fmt.Sprintf(`"n":%d`, size))))
		}
		if got := p.call("echo", `"payload":1`); got != "1" { // behind them
			t.Error(got)
		}
		whole, told := 0, 0
		for _, s := range unread {
			a := s.read()
			switch last := a.messages[len(a.messages)-1]; {
			case len(last) > size:
				whole++
			case strings.Contains(last, "--maxmemory") && strings.Contains(last, "-32603"):
				told++
			default:
				t.Errorf("%.300s", last)
			}
		}
		if whole == 0 || told == 0 || whole+told != n {
			t.Errorf("%d have the whole answer, %d are told why not", whole, told)
		}
	})
}

// What clients that have left may come back for is together no more than --history.
func TestManyStreamsLeft(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.PlainBinary(t), "--mcp", "--history=1M", harness.Child(t), "mcp")
	p := legacyPeer(t, s)
	before := harness.Memory(t, s.PID)
	for i := range 60 {
		stream := p.send(p.toolProgress(fmt.Sprint(i), fmt.Sprint(i), "hang", `"n":5000`))
		stream.message()
		stream.Body.Close()
		if !p.answers() {
			t.Fatalf("the session is stuck with %d streams", i)
		}
	}
	if n := p.number("parked"); n != 60 {
		t.Errorf("%d calls are open", n)
	}
	more := harness.Memory(t, s.PID) - before
	harness.Measured(t, "sixty streams that were left take %d KB", more>>10)
	if more > 24<<20 {
		t.Errorf("the server has %d KB more", more>>10)
	}
}

// batching opens a session of the revision in which a body may have several messages.
func batching(t *testing.T, s *harness.Server) *peer {
	t.Helper()
	p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: "2025-03-26"}
	if a := p.initialize(); p.session == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return p
}

// posts posts a body and checks the status.
func (p *peer) posts(body string, status int) *answer {
	p.t.Helper()
	a := p.send(p.post(body)).read()
	if a.status != status {
		p.t.Fatalf("%.100s: %d, not %d: %.300s", body, a.status, status, a.body)
	}
	return a
}

// An array with a response that nobody waits for is refused as a whole: the others of it are
// still waited for.
func TestRefusedArrayIsNotTaken(t *testing.T) {
	t.Parallel()
	p := batching(t, scripted(t))
	call := p.send(p.tool("1", "ask", `"method":"sampling/createMessage","params":{}`))
	good := `{"jsonrpc":"2.0","id":` + callID(t, call.message()) + `,"result":{"k":1}}`
	p.posts(`[`+good+`,{"jsonrpc":"2.0","id":"nothing","result":{}}]`, http.StatusBadRequest)
	p.posts(good, http.StatusAccepted)
	if got := call.read().payload(t, "1"); got != `{"k":1}` {
		t.Error(got)
	}
}

// An answer that did not come to the process, because its client has left before, is waited for
// still.
func TestAnswerOfWhoLeaves(t *testing.T) {
	t.Parallel()
	reads := filepath.Join(t.TempDir(), "reads")
	const script = `read -r initialize; echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-03-26","capabilities":{}}}'
		read -r initialized; read -r call; echo '{"jsonrpc":"2.0","id":"q","method":"roots/list"}'
		while [ ! -e "$0" ]; do sleep .1; done
		grep -q '"roots":' && echo '{"jsonrpc":"2.0","id":2,"result":{"structuredContent":{"payload":"heard"}}}'
		cat >/dev/null`
	s := harness.Start(t, harness.Binary(t), "--mcp", "--loglevel=trace", "sh", "-c", script, reads)
	p := batching(t, s)
	call := p.send(p.request("7", "prompts/get", `"name":"x"`))
	call.message()
	const response = `{"jsonrpc":"2.0","id":"q","result":{"roots":[]}}`
	before := `{"jsonrpc":"2.0","method":"notifications/large","params":{"text":"` + strings.Repeat("x", 3<<20) + `"}}`
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := p.ask(p.post("[" + before + "," + response + "]").WithContext(ctx))
		left <- err
	}()
	s.Out.Await(t, "notifications/large")
	leave()
	if err := <-left; err == nil {
		t.Error("it was not waited for")
	}
	s.Out.Await(t, "takes no more")
	if err := os.WriteFile(reads, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.posts(response, http.StatusAccepted)
	if got := call.read().payload(t, "7"); got != `"heard"` {
		t.Error(got)
	}
}

// A session that has as many calls open as it may still takes what answers or cancels one.
func TestAllCallsOpen(t *testing.T) {
	t.Parallel()
	p := batching(t, scripted(t))
	asks := p.send(p.tool(`"asks"`, "ask", `"method":"sampling/createMessage","params":{}`))
	response := `{"jsonrpc":"2.0","id":` + callID(t, asks.message()) + `,"result":{}}`
	var all []string
	for i := range 999 {
		meta := ""
		if i == 998 {
			meta = `,"_meta":{"progressToken":1}`
		}
		all = append(all, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"hang","arguments":{"n":1}%s}}`, i, meta))
	}
	p.send(p.post("[" + strings.Join(all, ",") + "]")).message() // the last one is open
	if a := p.send(p.tool("7", "echo", "")).read(); a.status != http.StatusTooManyRequests {
		t.Errorf("one more: %d %s", a.status, a.body)
	}
	p.posts(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}`, http.StatusAccepted)
	p.posts(response, http.StatusAccepted)
	asks.read().payload(t, `"asks"`)
}

// An array has no more messages than a session may have open.
func TestLongArray(t *testing.T) {
	t.Parallel()
	p := batching(t, scripted(t))
	note := `{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}`
	p.posts(`[`+strings.Repeat(note+",", 999)+note+`]`, http.StatusAccepted)
	a := p.posts(`[`+strings.Repeat(note+",", 1000)+note+`]`, http.StatusBadRequest)
	if !strings.Contains(a.body, "1000 messages") {
		t.Errorf("%s", a.body)
	}
	if n := len(p.seen("roots/list_changed")); n != 1000 {
		t.Errorf("the process has got %d", n)
	}
}

// A client that takes events alone is told its session as well.
func TestInitializeAsEvents(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
	r := p.request("1", "initialize", `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}`)
	r.Header.Set("Accept", eventStream)
	stream := p.send(r)
	p.session = stream.Header.Get("Mcp-Session-Id")
	if a := stream.read(); !stream.isStream() || p.session == "" || a.last(t, "1").Result == nil {
		t.Fatalf("%d %v %q", a.status, a.header, a.messages)
	}
	if got := p.call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
}

// What the process and ctl know of a session does not open it.
func TestSessionIsSecret(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	p := legacyPeer(t, s)
	id := strings.Trim(p.call("env", `"name":"SESSION_ID"`), `"`)
	if len(id) < 16 || !strings.HasPrefix(p.session, id) {
		t.Fatalf("the process knows %q of %q", id, p.session)
	}
	for name, session := range map[string]string{
		"SESSION_ID": id, "twice": id + id, "its half": id[:len(id)/2], "guessed": id + strings.Repeat("0", len(p.session)-len(id)),
		"cut": p.session[:len(p.session)-1], "longer": p.session + "0",
	} {
		other := *p
		other.session = session
		if a := other.send(other.tool("1", "echo", "")).read(); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if got := p.call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
}

// A message for the log says not for whom it is. Where two users ask at once neither gets it.
func TestLogOfTwoUsers(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--tokenfile="+tokenFile(t))
	ann, bob := modernPeer(t, s), modernPeer(t, s)
	ann.user, bob.user = "ann", "bob"
	var id atomic.Int64
	logs := func(text string) (n int) {
		line := `{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"` + text + `\"}}`
		call := fmt.Sprint(id.Add(1))
		a := bob.send(bob.requestMeta(call, "tools/call", `"name":"say","arguments":{"before":["`+line+`"]}`, `"io.modelcontextprotocol/logLevel":"info"`)).read()
		a.payload(t, call)
		return len(a.messages) - 1
	}
	if n := logs("bob alone"); n != 1 {
		t.Errorf("bob alone gets %d messages", n)
	}
	open := ann.send(ann.toolProgress("1", "1", "hang", `"n":1`))
	open.message()
	if n := logs("of whom"); n != 0 {
		t.Fatalf("beside ann bob gets %d messages", n)
	}
	s.Out.Await(t, "of whom")
	bob.call("release", "")
	open.read()
	if n := logs("bob again"); n != 1 {
		t.Errorf("alone again bob gets %d messages", n)
	}
}

// OPTIONS that is no preflight is answered with what the URL takes.
func TestOptions(t *testing.T) {
	t.Parallel()
	p := modernPeer(t, scripted(t))
	a := p.send(p.bare("OPTIONS", "")).read()
	if allow := a.header.Get("Allow"); a.status != http.StatusNoContent || allow != "GET, POST, DELETE, OPTIONS" {
		t.Errorf("%d, Allow: %q %s", a.status, allow, a.body)
	}
}

// A shared process knows the revisions that there are, and no other.
func TestSharedUnknownVersion(t *testing.T) {
	t.Parallel()
	p := sharing(t, scripted(t, "--shared"))
	for version, want := range map[string]int{"": 200, "2024-11-05": 200, "2025-03-26": 200, "2025-06-18": 200, "2025-11-25": 200, "1999-01-01": 400} {
		r := p.tool("1", "echo", "")
		if version != "" {
			r.Header.Set("MCP-Protocol-Version", version)
		}
		if a := p.send(r).read(); a.status != want {
			t.Errorf("%q: %d %s", version, a.status, a.body)
		}
	}
}
