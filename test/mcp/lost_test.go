package mcp

import (
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// moment lets more time pass than the server keeps anything for the next request.
func moment() {
	began := time.Now()
	harness.Within(time.Second, func() bool { return time.Since(began) > 300*time.Millisecond })
}

// A client that comes back to the stream of its call is told when the process ends then.
func TestResumedThenKilled(t *testing.T) {
	t.Parallel()
	p := legacyPeer(t, scripted(t))
	pid := p.number("pid")
	r := &resumed{peer: p}
	s := p.send(p.toolProgress("1", "1", "hang", `"n":1`))
	r.await(t, s)
	r.await(t, s)
	s.Body.Close()
	moment()
	s = p.get(r.last)
	syscall.Kill(pid, syscall.SIGKILL)
	a, err := s.tryRead()
	c := &openCall{id: "1", answer: a, err: err}
	c.told(t, "SIGKILL")
}

// A session whose process has ended while nobody asked for anything is one that is not there;
// what listens to it ends.
func TestIdleProcessKilled(t *testing.T) {
	t.Parallel()
	for name, listens := range map[string]bool{"listens": true, "idle": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(t)
			p := legacyPeer(t, s)
			pid := p.number("pid")
			var get *stream
			if listens {
				get = p.get("")
				get.next()
			}
			moment()
			syscall.Kill(pid, syscall.SIGKILL)
			harness.NoSurvivors(t, s)
			if listens {
				if a, err := get.tryRead(); err != nil || len(a.messages) > 0 {
					t.Errorf("%v %+v", err, a)
				}
			}
			harness.Until(t, "the session is not there", func() bool {
				return p.send(p.tool("1", "echo", "")).read().status == http.StatusNotFound // before, the server may not know yet
			})
			p.send(p.tool("1", "echo", "")).read().fails(t, http.StatusNotFound, -32001, "1")
			legacyPeer(t, s)
		})
	}
}

// DELETE ends a session: its open calls are told, and its stream ends.
func TestDeleteWithOpenCalls(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--", "-deaf")
	p := legacyPeer(t, s)
	calls, wait := p.hang(4)
	get := p.get("")
	get.next()
	if a := p.send(p.bare("DELETE", "")).read(); a.status != http.StatusNoContent {
		t.Errorf("%d %s", a.status, a.body)
	}
	wait()
	for _, c := range calls {
		c.told(t, "")
	}
	if a, err := get.tryRead(); err != nil || len(a.messages) > 0 {
		t.Errorf("%v %+v", err, a)
	}
	p.send(p.tool("1", "echo", "")).read().fails(t, http.StatusNotFound, -32001, "1")
	harness.NoSurvivors(t, s)
}

// Calls that are canceled and never answered do not fill a session up.
func TestManyCancelled(t *testing.T) {
	t.Parallel()
	p := legacyPeer(t, scripted(t))
	var all sync.WaitGroup
	for w := range 4 {
		id := string(rune('a' + w))
		all.Go(func() {
			for range 300 {
				s, err := p.try(p.toolProgress(`"`+id+`"`, "1", "hang", `"n":1`))
				if err == nil {
					s.next()
					s.Body.Close()
				}
				a, errCancel := p.ask(p.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"` + id + `"}}`))
				if err != nil || errCancel != nil || s.StatusCode != http.StatusOK || a.status != http.StatusAccepted {
					t.Errorf("%v %v", err, errCancel)
					return
				}
			}
		})
	}
	all.Wait()
	if n := len(p.cancelled()); n != 1200 {
		t.Errorf("%d are canceled", n)
	}
	if got := p.call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
}

// What a client cancels while its answer is open may still be answered, and is told so.
func TestAnsweredAfterCancel(t *testing.T) {
	t.Parallel()
	p := legacyPeer(t, scripted(t))
	s := p.send(p.toolProgress("1", "1", "progress", `"n":200,"pause":5,"payload":"done anyway"`))
	s.message()
	p.send(p.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)).read()
	if a := s.read(); !strings.Contains(a.messages[len(a.messages)-1], "done anyway") {
		t.Errorf("%q", a.messages)
	}
}
