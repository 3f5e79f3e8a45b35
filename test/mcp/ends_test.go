package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// openCall is a call that the process has not answered, and later its answer.
type openCall struct {
	id, token string
	answer    *answer
	err       error
}

// hang opens n calls that the process has and does not answer. Every second one has told its
// progress, so that its answer is a stream. The function waits for all of their answers.
func (p *peer) hang(n int) (calls []*openCall, wait func()) {
	p.t.Helper()
	before := p.number("parked")
	all := new(sync.WaitGroup)
	for i := range n {
		c := &openCall{id: fmt.Sprintf(`"call %d"`, i/3), token: "1"} // some ids are equal
		r := p.tool(c.id, "hang", "")
		if i%2 == 1 {
			r = p.toolProgress(c.id, c.token, "hang", `"n":1`)
		}
		calls = append(calls, c)
		all.Go(func() { c.answer, c.err = p.ask(r) })
	}
	harness.Until(p.t, "the calls are open", func() bool { return p.number("parked") == before+n })
	return calls, all.Wait
}

// told checks that a call that was open when its process ended was answered, by an error.
func (c *openCall) told(t *testing.T, how string) {
	t.Helper()
	if c.err != nil {
		t.Errorf("%s: no answer: %v", c.id, c.err)
		return
	}
	e := c.answer.last(t, c.id)
	if e.Error == nil || e.Error.Code != -32603 || !strings.Contains(fmt.Sprintf("%+v %s", e.Error, e.Error.Data), how) {
		t.Errorf("%s, expected -32603 with %q: %d %.300q", c.id, how, c.answer.status, c.answer.messages)
	}
}

// A process that is killed with twenty calls open: each gets an error under its own id, and
// the next client a new process.
func TestKilled(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, s *harness.Server, p *peer) {
		calls, wait := p.hang(20)
		pid := p.number("pid")
		began := time.Now()
		syscall.Kill(pid, syscall.SIGKILL)
		wait()
		harness.Measured(t, "twenty open calls were told %v after the kill", time.Since(began).Round(time.Millisecond))
		for _, c := range calls {
			c.told(t, "SIGKILL")
		}
		p.startsAgain(t, s, pid)
	})
}

// startsAgain checks that there is a process for the next client, and no session without one.
func (p *peer) startsAgain(t *testing.T, s *harness.Server, pid int) {
	t.Helper()
	if !p.modern {
		p.send(p.tool("1", "echo", "")).read().fails(t, http.StatusNotFound, -32001, "1")
		p = legacyPeer(t, s)
	}
	harness.Until(t, "a new process answers", func() bool {
		a := p.send(p.tool("2", "pid", "")).read()
		e := a.last(t, "2")
		return e.Error == nil && a.payload(t, "2") != strconv.Itoa(pid)
	})
	if left := s.Children(); len(left) != 1 {
		t.Errorf("%d processes", len(left))
	}
}

// A process that ends by itself tells its status.
func TestCrash(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, s *harness.Server, p *peer) {
		calls, wait := p.hang(3)
		pid := p.number("pid")
		last := &openCall{id: "9"}
		last.answer, last.err = p.ask(p.tool("9", "crash", `"n":42`))
		wait()
		for _, c := range append(calls, last) {
			c.told(t, "42")
		}
		p.startsAgain(t, s, pid)
	})
}

// What is never a server, or not in time, is an error for those who wait, and leaves no
// process and no session.
func TestNeverStarts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		how  string
	}{
		"ends at once":  {[]string{"--mcp", "sh", "-c", "exit 7"}, "7"},
		"says nothing":  {[]string{"--mcp", "--mcpstart=300ms", "--linger=100ms", harness.Child(t), "mcp", "-mute"}, "300ms"},
		"takes nothing": {[]string{"--mcp", "sh", "-c", "exec <&-; sleep 0.2; exit 9"}, "9"},
		"prints a line": {[]string{"--mcp", "sh", "-c", "echo usage; exit 8"}, "8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), test.args...)
			legacy := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
			c := &openCall{id: `"init"`, answer: legacy.initialize()}
			if c.told(t, test.how); legacy.session != "" {
				t.Errorf("there is a session %s", legacy.session)
			}
			p := modernPeer(t, s)
			for _, how := range []string{test.how, "", ""} { // at the next end of a process at the latest, which may be another
				c = &openCall{id: "1", answer: p.send(p.tool("1", "echo", "")).read()}
				c.told(t, how)
			}
			harness.NoSurvivors(t, s)
		})
	}
}

// Calls wait for a process that is slow to start, and come to it in order.
func TestSlowStart(t *testing.T) {
	t.Parallel()
	for _, modern := range []bool{true, false} {
		t.Run(map[bool]string{true: "modern", false: "legacy"}[modern], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			ready, starts := filepath.Join(dir, "ready"), filepath.Join(dir, "starts")
			s := scripted(t, "--", "-wait="+ready, "-starts="+starts)
			p := modernPeer(t, s)
			requests := func(i int) *http.Request { return p.tool("1", "echo", fmt.Sprintf(`"payload":%d`, i)) }
			if !modern {
				p = &peer{t: t, http: p.http, url: p.url, version: legacyVersion}
				requests = func(int) *http.Request {
					return p.request("1", "initialize", `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}`)
				}
			}
			var all sync.WaitGroup
			for i := range 5 {
				r := requests(i)
				all.Go(func() {
					a, err := p.ask(r)
					if err != nil || a.status != http.StatusOK || !strings.Contains(strings.Join(a.messages, ""), `"id":1,"result"`) {
						t.Errorf("%v %+v", err, a)
					}
				})
			}
			want := map[bool]int{true: 1, false: 5}[modern]
			harness.Until(t, "every process was started", func() bool { return len(lines(starts)) == want })
			if err := os.WriteFile(ready, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			all.Wait()
			if n := len(lines(starts)); n != want {
				t.Errorf("%d processes were started", n)
			}
		})
	}
}

// lines returns those of a file.
func lines(file string) []string {
	text, _ := os.ReadFile(file)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")[:strings.Count(string(text), "\n")]
}

// At SIGTERM every open call is answered under its id, by its process if that does so at the
// end of its input; subscriptions are told their end, streams end, and nothing is left.
func TestShutdown(t *testing.T) {
	t.Parallel()
	for name, flag := range map[string]string{"answers": "-end=answer", "does not answer": "-end=", "does not end": "-deaf"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(t, "--", flag)
			modern, legacy := modernPeer(t, s), legacyPeer(t, s)
			calls, wait := modern.hang(5)
			more, waitMore := legacy.hang(5)
			listen := modern.send(modern.request(`"sub"`, "subscriptions/listen", `"notifications":{"toolsListChanged":true}`))
			listen.message()
			get := legacy.get("")
			s.Signal(t, syscall.SIGTERM)
			wait()
			waitMore()
			for _, c := range append(calls, more...) {
				if flag != "-end=answer" {
					c.told(t, "")
				} else if c.err != nil || c.answer.payload(t, c.id) != `"the end"` {
					t.Errorf("%s: %v %+v", c.id, c.err, c.answer)
				}
			}
			listen.completed(t, `"sub"`)
			get.endsForNow(t)
			if status := s.Wait(t); status != 0 {
				t.Errorf("the server ended with %d", status)
			}
			harness.NothingLeft(t, s)
		})
	}
}

// endsForNow checks that the stream of a session ends without a message, and says when the client
// may come back.
func (s *stream) endsForNow(t *testing.T) {
	t.Helper()
	var last event
	for {
		e, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil || e.data != "" {
			t.Fatalf("%+v %v", e, err)
		}
		last = e
	}
	if last.retry != "1000" {
		t.Errorf("it ends with %+v", last)
	}
}

// completed checks that a subscription is told its end.
func (s *stream) completed(t *testing.T, id string) {
	t.Helper()
	a, err := s.tryRead()
	if err != nil {
		t.Errorf("the subscription breaks off: %v", err)
		return
	}
	e := a.last(t, id)
	var result struct {
		ResultType string `json:"resultType"`
		Meta       struct {
			ID json.RawMessage `json:"io.modelcontextprotocol/subscriptionId"`
		} `json:"_meta"`
	}
	json.Unmarshal(e.Result, &result)
	if result.ResultType != "complete" || string(result.Meta.ID) != id {
		t.Errorf("the subscription ends with %q", a.messages)
	}
}

// sessions returns how many TestAbandoned opens.
func sessions() int {
	if n, err := strconv.Atoi(os.Getenv("SESSIONS")); err == nil {
		return 500 * n
	}
	return 500
}

// Sessions whose clients are gone end, and their processes: those of clients that have left,
// and those behind a proxy that is silent from now on, whose connections stay open.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--resume=1s", "--pingms=300", "--maxforks=1000", "--maxsessions=1000", "--maxperip=0")
	proxy := harness.NewProxy(t, s.Addr)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range sessions() / 4 {
				if err := abandon(t, []string{proxy.Addr, s.Addr}[i%2], i%4 != 3, i%2 == 0); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	proxy.Vanish(t)
	began := time.Now()
	harness.NoSurvivors(t, s)
	harness.Measured(t, "no process of %d sessions %v after the last client was gone", sessions(), time.Since(began).Round(10*time.Millisecond))
}

// abandon opens a session and leaves it, with its stream open or not.
func abandon(t *testing.T, address string, stream, open bool) error {
	p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + address + "/", version: legacyVersion}
	defer p.http.CloseIdleConnections()
	a, err := p.tryInitialize()
	var late *refusedInitialized
	if errors.As(err, &late) && late.status == http.StatusNotFound {
		return nil // the session was abandoned for as long as it may be, between two requests
	} else if err != nil || p.session == "" {
		return fmt.Errorf("a session is refused: %v %+v", err, a)
	}
	if !stream {
		return nil
	}
	r := p.bare("GET", "")
	r.Header.Set("Accept", eventStream)
	get, err := p.try(r)
	if err == nil && !open {
		get.Body.Close()
	}
	return err
}
