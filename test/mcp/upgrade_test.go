package mcp

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"websocketd/test/harness"
)

// replace has a new server take the place of s, which has had so many before.
func replace(t *testing.T, s *harness.Server, before int) {
	t.Helper()
	s.Signal(t, syscall.SIGUSR2)
	for _, word := range []string{"Took over ", "Replaced "} {
		harness.Until(t, fmt.Sprintf("%q is logged %d times", word, before+1), func() bool {
			return len(s.Out.With(word)) > before || s.Out.Has("Not replaced") || s.Exited()
		})
	}
	if s.Out.Has("Not replaced") {
		t.Fatal("the server was not replaced")
	}
}

// answered returns the response to a call of a tool. As a new server takes over the stream of the answer
// may end, and is gone on with.
func (p *peer) answered(id, name, arguments string) (string, error) {
	r := &resumed{peer: p}
	request := p.tool(id, name, arguments)
	for r.response == "" {
		if r.last != "" {
			request = p.bare("GET", "")
			request.Header.Set("Accept", eventStream)
			request.Header.Set("Last-Event-ID", r.last)
		}
		again := request.Clone(request.Context())
		again.Body, _ = request.GetBody()
		s, err := p.try(again)
		if err != nil {
			return "", err
		}
		if s.StatusCode == http.StatusOK && s.isStream() {
			err = r.read(s, 1000)
		} else {
			var a *answer
			a, err = s.tryRead()
			if err == nil && a.status != http.StatusOK {
				err = fmt.Errorf("%d %s", a.status, a.body)
			}
			r.response = a.body
		}
		if err != nil {
			return "", err
		}
	}
	return r.response, nil
}

// Clients of both eras go on calling tools through three upgrades, of the same process, and each call
// that was taken is answered once, and has come to the process once.
func TestUpgradeUnderLoad(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, s *harness.Server, p *peer) {
		p.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		pid := p.number("pid")
		done, over := make(chan bool), make(chan error, 4)
		for user := range 4 {
			go func() {
				for n := 0; ; n++ {
					select {
					case <-done:
						over <- nil
						return
					default:
					}
					word := fmt.Sprintf(`"word-%d-%d"`, user, n)
					got, err := p.answered("7", "echo", `"payload":`+word) // the same id for all
					if err == nil && !strings.Contains(got, `"payload":`+word+"}") {
						err = fmt.Errorf("%s is answered %s", word, got)
					}
					if err != nil {
						over <- err
						return
					}
				}
			}()
		}
		for i := range 3 {
			replace(t, s, i)
		}
		close(done)
		for range 4 {
			if err := <-over; err != nil {
				t.Fatal(err)
			}
		}
		if now := p.number("pid"); now != pid {
			t.Errorf("process %d, and it was %d", now, pid)
		}
		for n, seen := 0, p.seen(`"word-0-`); n < len(seen); n++ {
			if !strings.Contains(seen[n], fmt.Sprintf(`"word-0-%d"`, n)) {
				t.Errorf("%d: %s", n, seen[n])
			}
		}
	})
}

// question reads the next event that has data.
func (s *stream) question() event {
	s.t.Helper()
	for {
		e, err := s.next()
		if err != nil {
			s.t.Fatal(err)
		}
		if e.data != "" {
			return e
		}
	}
}

// A client of a session whose call is under way is told to come back for the rest, from the first
// message it has not: progress, and then the response. So is one that listens, and what the process
// asks is answered through the new server.
func TestUpgradeMidCall(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	r := &resumed{peer: legacyPeer(t, s)}
	standing := r.get("")
	pid := r.number("pid")
	call := r.send(r.toolProgress("1", "1", "progress", `"n":300,"pause":5`))
	silent := &resumed{peer: r.peer}
	begun := make(chan *stream, 1)
	go func() { // it is answered by release, much later, and nothing is said before the upgrade
		waits, err := silent.try(silent.tool("1", "hang", ""))
		if err != nil {
			t.Error(err)
		}
		begun <- waits
	}()
	harness.Until(t, "the process has the call", func() bool { return r.number("parked") == 1 })
	question := r.send(r.tool("2", "ask", `"method":"sampling/createMessage","params":{}`)).question()
	id := callID(t, question.data)
	var waits *stream
	for i := range 3 {
		done := make(chan error, 1)
		go func() { done <- r.read(call, 1000) }()
		replace(t, s, i)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if r.response == "" {
			call = r.get(r.last)
		}
		if i == 0 {
			waits = <-begun
		}
		if err := silent.read(waits, 1000); err != nil || silent.response != "" || silent.last == "" {
			t.Fatalf("%v; %q after %q", err, silent.response, silent.last)
		}
		waits = silent.get(silent.last)
		standing.endsForNow(t)
		standing = r.get("")
	}
	if err := r.read(call, 1000); err != nil {
		t.Fatal(err)
	}
	r.check(t, 300)
	if a := r.send(r.post(`{"jsonrpc":"2.0","id":` + id + `,"result":{"x":1}}`)).read(); a.status != http.StatusAccepted {
		t.Errorf("an answer: %d %s", a.status, a.body)
	}
	if got := r.get(question.id).read().payload(t, "2"); got != `{"x":1}` {
		t.Errorf("%s", got)
	}
	if n := r.number("release"); n != 1 {
		t.Errorf("%d calls were released", n)
	}
	if err := silent.read(waits, 1000); err != nil || !strings.Contains(silent.response, `"released"`) {
		t.Errorf("%v %s", err, silent.response)
	}
	r.call("say", `"before":["{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}"]`)
	if m := standing.message(); !strings.Contains(m, "list_changed") {
		t.Errorf("the standing stream has %s", m)
	}
	if now := r.number("pid"); now != pid {
		t.Errorf("process %d, and it was %d", now, pid)
	}
}

// A call of the stateless era that is not answered soon is answered by the server that has taken it,
// and so is what its process says; others are the new server's meanwhile. A subscription ends.
func TestUpgradeLongCall(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	p := modernPeer(t, s)
	pid := p.number("pid")
	listen := p.send(p.request(`"sub"`, "subscriptions/listen", `"notifications":{"toolsListChanged":true}`))
	listen.question()
	long := p.send(p.toolProgress("1", "1", "hang", `"n":1,"payload":"done"`))
	long.question()
	replace(t, s, 0)
	if end := listen.read().last(t, `"sub"`); end.Result == nil {
		t.Errorf("the subscription ends with %+v", end)
	}
	other := &peer{t: t, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, url: p.url, modern: true, version: modernVersion}
	if now := other.number("pid"); now == pid {
		t.Errorf("process %d has two servers", now)
	}
	syscall.Kill(pid, syscall.SIGUSR1) // it answers what hangs
	if got := long.read().payload(t, "1"); got != `"done"` {
		t.Errorf("%s", got)
	}
}

// Where a process was taken over already it cannot stay behind: the server goes on until its calls are
// answered.
func TestUpgradeLongCallAgain(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	p := modernPeer(t, s)
	pid := p.number("pid")
	replace(t, s, 0)
	long := p.send(p.toolProgress("1", "1", "hang", `"n":1,"payload":"done"`))
	long.question()
	s.Signal(t, syscall.SIGUSR2)
	s.Out.Await(t, "an answer of a process that was taken over is waited for")
	if now := p.number("pid"); now != pid {
		t.Errorf("process %d, and it was %d", now, pid)
	}
	if n := p.number("release"); n != 1 {
		t.Errorf("%d calls were released", n)
	}
	if got := long.read().payload(t, "1"); got != `"done"` {
		t.Errorf("%s", got)
	}
}

// A call that is not answered, and whose client could not come back, keeps the server in its place; then
// a session goes on as if nothing had been.
func TestUpgradeWaits(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	p := legacyPeer(t, s)
	call := p.tool("1", "hang", "")
	call.Header.Set("Accept", jsonType) // no stream to come back to
	got := make(chan string, 1)
	go func() {
		a, err := p.ask(call)
		if err != nil {
			got <- err.Error()
			return
		}
		got <- a.payload(t, "1")
	}()
	harness.Until(t, "the process has the call", func() bool { return p.number("parked") == 1 })
	s.Signal(t, syscall.SIGUSR2)
	s.Out.Await(t, "Not replaced")
	if !s.Out.Has("session 1: a request is not answered") {
		t.Error("the log does not say why")
	}
	if n := p.number("release"); n != 1 {
		t.Errorf("%d calls were released", n)
	}
	if text := <-got; text != `"released"` {
		t.Errorf("%s", text)
	}
	s.Signal(t, syscall.SIGUSR2)
	s.Out.Await(t, "Took over ")
	s.Out.Await(t, "Replaced ")
	if got := p.call("echo", `"payload":"there"`); got != `"there"` {
		t.Errorf("%s", got)
	}
}

// A request of which the server has begun to read the body, and which is whole when another one has
// taken over, is led to that one.
func TestUpgradeSlowBody(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, s *harness.Server, p *peer) {
		p.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: time.Hour}}
		p.number("pid")
		slow := p.tool("1", "echo", `"payload":1`)
		begun, replaced := make(chan bool), make(chan bool)
		slow.Header.Set("Expect", "100-continue")
		slow = slow.WithContext(httptrace.WithClientTrace(slow.Context(), &httptrace.ClientTrace{Got100Continue: sync.OnceFunc(func() {
			close(begun)
			<-replaced
		})}))
		var status int
		p.http.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			status = r.Response.StatusCode
			return nil
		}
		got := make(chan error, 1)
		go func() {
			a, err := p.ask(slow)
			if err == nil && (a.status != http.StatusOK || !strings.Contains(strings.Join(a.messages, ""), `"payload":1}`)) {
				err = fmt.Errorf("%d %v %s", a.status, a.header, a.messages)
			}
			got <- err
		}()
		<-begun
		replace(t, s, 0)
		close(replaced)
		if err := <-got; err != nil || status != http.StatusTemporaryRedirect {
			t.Error(err, status)
		}
	})
}

// The Go SDK's clients go on through three upgrades, with the same process, and a call that is
// under way is answered.
func TestUpgradeGoClient(t *testing.T) {
	t.Parallel()
	for _, era := range []string{legacy, modern} {
		t.Run(era, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), "--mcp", sdkServer(t))
			c := newGoClient(t, "http://"+s.Addr+"/", era, false)
			for i := range 3 {
				if got := c.call(t, "echo", fmt.Sprint(i), nil); got != fmt.Sprint(i) {
					t.Errorf("%q, not %d", got, i)
				}
				replace(t, s, i)
			}
			c.call(t, "steps", "", "t")
			harness.Until(t, "three steps are told", func() bool { return len(c.told()) >= 3 })
			if started := s.Out.With("START"); len(started) != 1 {
				t.Errorf("%d processes: %s", len(started), started)
			}
		})
	}
}

// A new server that fails before it has taken over changes nothing: calls go on, and one that was told
// to come back is gone on with at the old server.
func TestUpgradeFails(t *testing.T) {
	t.Parallel()
	bothEras(t, nil, func(t *testing.T, s *harness.Server, p *peer) {
		p.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		pid := p.number("pid")
		for n, at := range []string{"offered", "ready", "all"} {
			if err := os.Remove(s.Exe); err != nil { // what runs keeps its own
				t.Fatal(err)
			}
			harness.WriteFile(t, s.Exe, "#!/bin/sh\nexec "+harness.Child(t)+" successor "+at+"\n", 0o755)
			over := make(chan error, 1)
			go func() {
				got, err := p.answered("1", "progress", `"n":20,"pause":10,"payload":"done"`)
				if err == nil && !strings.Contains(got, `"payload":"done"}`) {
					err = errors.New(got)
				}
				over <- err
			}()
			s.Signal(t, syscall.SIGUSR2)
			harness.Until(t, "the server is not replaced", func() bool { return len(s.Out.With("Not replaced")) > n })
			if err := <-over; err != nil {
				t.Fatal(at, err)
			}
			if now := p.number("pid"); now != pid {
				t.Errorf("process %d, and it was %d", now, pid)
			}
		}
	})
}
