package mcp

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"websocketd/test/harness"
)

// A client that does not read its answer, which has no end, keeps no other from being answered.
func TestOneClientDoesNotRead(t *testing.T) {
	t.Parallel()
	for _, modern := range []bool{true, false} {
		t.Run(map[bool]string{true: "modern", false: "legacy"}[modern], func(t *testing.T) {
			t.Parallel()
			s := scripted(t, "--history=1M")
			reads := modernPeer(t, s)
			stuck := modernPeer(t, s)
			if !modern {
				reads, stuck = legacyPeer(t, s), legacyPeer(t, s)
			}
			answer := stuck.send(stuck.toolProgress("1", "1", "progress", `"n":1000000000`))
			answer.message()
			before := harness.Memory(t, s.PID)
			for i := range 100 {
				if got := reads.call("echo", fmt.Sprintf(`"payload":%d`, i)); got != fmt.Sprint(i) {
					t.Fatalf("%d: %s", i, got)
				}
			}
			if more := harness.Memory(t, s.PID) - before; more > 64<<20 {
				t.Errorf("the server has %d KB more", more>>10)
			}
		})
	}
}

// A client of a session that reads nothing of its standing stream gets what was kept; a process
// that says more than that goes on, and its other answers come.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--history=256K")
	p := legacyPeer(t, s)
	const n, size = 2000, 1000
	note := `{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":{\"data\":\"` + strings.Repeat("x", size) + `\"}}`
	for i := range n / 100 {
		notes := strings.Repeat(`"`+note+`",`, 99) + `"` + strings.ReplaceAll(note, "xxx", fmt.Sprintf("%03d", i)) + `"`
		if got := p.call("say", `"payload":1,"before":[`+notes+`]`); got != "1" {
			t.Fatal(got)
		}
	}
	get := p.get("")
	last := ""
	for !strings.Contains(last, fmt.Sprintf("%03d", n/100-1)) {
		last = get.message()
	}
	if got := p.call("echo", `"payload":2`); got != "2" {
		t.Error(got)
	}
}

// Messages of up to 16 MiB go through; one that is longer is refused, or ends the process that
// says it, which is told to those who wait.
func TestLongMessages(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, s *harness.Server, p *peer) {
		long := `"` + strings.Repeat("y", 10<<20) + `"`
		if got := p.call("echo", `"payload":`+long); got != long {
			t.Errorf("%d bytes came back", len(got))
		}
		over := `"` + strings.Repeat("z", 17<<20) + `"`
		if a := p.send(p.tool("1", "echo", `"payload":`+over)).read(); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d %.200s", a.status, a.body)
		}
		if got := p.call("echo", `"payload":3`); got != "3" {
			t.Error(got)
		}
		line := fmt.Sprintf(`"before":["%s"]`, strings.Repeat("w", 12<<20))
		c := &openCall{id: "1", answer: p.send(p.tool("1", "twice", line)).read()}
		c.told(t, "--maxline")
	})
}

// With a new program file, a modern process is replaced: its open calls are told, and the next
// one goes to the new process.
func TestWatch(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "server.sh")
	script := func(version string) {
		harness.WriteFile(t, file, "#!/bin/sh\nVERSION="+version+" exec "+harness.Child(t)+" mcp\n", 0o755)
	}
	script("one")
	s := harness.Start(t, harness.Binary(t), "--mcp", "--watch", file)
	p := modernPeer(t, s)
	if got := p.call("env", `"name":"VERSION"`); got != `"one"` {
		t.Fatal(got)
	}
	calls, wait := p.hang(4)
	listen := p.send(p.request(`"sub"`, "subscriptions/listen", `"notifications":{"toolsListChanged":true}`))
	listen.message()
	script("two")
	wait()
	for _, c := range calls {
		c.told(t, "")
	}
	listen.completed(t, `"sub"`)
	harness.Until(t, "the new process answers", func() bool {
		a, err := p.ask(p.tool("1", "env", `"name":"VERSION"`))
		return err == nil && strings.Contains(strings.Join(a.messages, ""), `"two"`)
	})
	if n := len(s.Children()); n != 1 {
		t.Errorf("%d processes", n)
	}
}

// A WebSocket with the subprotocol has a process of its own, at the same URL.
func TestWebSocketBeside(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	p := modernPeer(t, s)
	pid := p.call("pid", "")
	c := s.Open(t, harness.Handshake("/").Add("Sec-WebSocket-Protocol", "mcp"))
	if got := c.Response.Header.Get("Sec-WebSocket-Protocol"); got != "mcp" {
		t.Errorf("the subprotocol is %q", got)
	}
	c.Text(`{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"pid"}}`)
	m, err := c.Receive()
	if err != nil || !strings.Contains(string(m.Data), `"id":"a"`) || strings.Contains(string(m.Data), `"payload":`+pid+`}`) {
		t.Errorf("%s %v, the other is %s", m.Data, err, pid)
	}
	harness.Until(t, "there are two processes", func() bool { return len(s.Children()) == 2 })
	c.Leave(t)
	harness.Until(t, "there is one", func() bool { return len(s.Children()) == 1 })
	if p.call("pid", "") != pid {
		t.Error("the other one is gone")
	}
}

// A session ends when nothing was open for --resume, not before, and no later for a stream that
// was left; a modern process when nobody has asked for --linger.
func TestIdleEnds(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--resume=2s", "--linger=2s", "--pingms=200")
	p := legacyPeer(t, s)
	get := p.get("")
	get.next()
	if harness.Within(3*time.Second, func() bool { return len(s.Children()) == 0 }) {
		t.Error("a session with an open stream has ended")
	}
	if got := p.call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
	get.Body.Close()
	harness.NoSurvivors(t, s)
	p.send(p.tool("1", "echo", "")).read().fails(t, http.StatusNotFound, -32001, "1")
	modernPeer(t, s).call("echo", `"payload":1`)
	harness.NoSurvivors(t, s)
}

// A client is told when more was said for it than is kept, before it could be sent the first of it:
// the process answers before it has read the whole request.
func TestMoreThanHistoryAtOnce(t *testing.T) {
	t.Parallel()
	said := filepath.Join(t.TempDir(), "said")
	const progress = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}`
	result := `{"jsonrpc":"2.0","id":1,"result":{"text":"` + strings.Repeat("y", 8<<10) + `"}}`
	if err := os.WriteFile(said, []byte(progress+"\n"+result+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := harness.Start(t, harness.Binary(t), "--mcp", "--history=4K", "sh", "-c", `head -c 1000 >/dev/null; cat "$0"; cat >/dev/null`, said)
	p := modernPeer(t, s)
	a := p.send(p.requestMeta("7", "prompts/get", `"name":"large","more":"`+strings.Repeat("x", 3<<20)+`"`, `"progressToken":7`)).read()
	if len(a.messages) != 1 {
		t.Fatalf("%d %v %.300q", a.status, a.header, a.messages)
	}
	if a.fails(t, http.StatusOK, -32603, "7"); !strings.Contains(a.body, "--history") {
		t.Error(a.body)
	}
}
