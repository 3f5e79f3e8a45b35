package mcp

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// A session is its maker's: its process knows who that is, and to others there is none.
func TestSessionsOfUsers(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--tokenfile="+tokenFile(t))
	ann := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion, user: "ann"}
	if a := ann.initialize(); ann.session == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if user := ann.call("env", `"name":"REMOTE_USER"`); user != `"ann"` {
		t.Errorf("REMOTE_USER is %s", user)
	}
	bob := *ann
	bob.user = "bob"
	bob.send(bob.tool("1", "echo", "")).read().fails(t, http.StatusNotFound, -32001, "1")
	for _, method := range []string{"GET", "DELETE"} {
		r := bob.bare(method, "")
		r.Header.Set("Accept", eventStream)
		if a := bob.send(r).read(); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
	if got := ann.call("echo", `"payload":1`); got != "1" {
		t.Error(got)
	}
}

// One process serves everybody, or everybody who is the same user.
func TestModernProcesses(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]int{"--isolate=none": 1, "--isolate=user": 2} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			s := scripted(t, flag, "--tokenfile="+tokenFile(t))
			pids := map[string]bool{}
			for i := range 10 {
				p := modernPeer(t, s)
				p.user = []string{"ann", "bob"}[i%2]
				pids[p.user+" "+p.call("pid", "")] = true
			}
			if n := len(s.Children()); n != want || len(pids) != 2 {
				t.Errorf("%d processes: %v", n, pids)
			}
		})
	}
}

// Many calls of many clients of 2026-07-28 are served by one process.
func TestThousandCalls(t *testing.T) {
	t.Parallel()
	s := scripted(t)
	var all sync.WaitGroup
	for w := range 10 {
		all.Go(func() {
			p := modernPeer(t, s)
			for i := range 100 {
				payload := fmt.Sprintf(`"payload":"%d of %d"`, i, w)
				a, err := p.ask(p.tool("1", "echo", payload))
				if err != nil || len(a.messages) != 1 || !strings.Contains(a.messages[0], payload) {
					t.Errorf("%s: %v %+v", payload, err, a)
					return
				}
			}
		})
	}
	all.Wait()
	if n := len(s.Children()); n != 1 {
		t.Errorf("%d processes", n)
	}
	if p := modernPeer(t, s); len(p.seen(`"echo"`)) != 1000 {
		t.Errorf("the process has got %d calls", len(p.seen(`"echo"`)))
	}
}

// An older server that serves everybody is initialized once, for clients that never say which
// session they are of, and all of whose requests have the id 1.
func TestSharedByOlderClients(t *testing.T) {
	t.Parallel()
	s := scripted(t, "--shared")
	var all sync.WaitGroup
	for w := range 10 {
		p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
		all.Go(func() {
			a, err := p.tryInitialize()
			if err != nil || p.session != "" || a.status != http.StatusOK || len(a.messages) != 1 || !strings.Contains(a.messages[0], `"scripted"`) {
				t.Errorf("%v %+v", err, a)
				return
			}
			for i := range 10 {
				payload := fmt.Sprintf(`"payload":"%d of %d"`, i, w)
				a, err := p.ask(p.toolProgress("1", "1", "progress", `"n":2,`+payload))
				if err != nil || len(a.messages) != 3 || !strings.HasPrefix(a.messages[2], `{"jsonrpc":"2.0","id":1,`) || !strings.Contains(a.messages[2], payload) {
					t.Errorf("%s: %v %+v", payload, err, a)
					return
				}
			}
		})
	}
	all.Wait()
	p := &peer{t: t, http: harness.HTTPClient(t), url: "http://" + s.Addr + "/", version: legacyVersion}
	if n, m := len(p.seen(`"initialize"`)), len(p.seen(`"notifications/initialized"`)); n != 1 || m != 1 {
		t.Errorf("the process was initialized %d times, and told so %d times", n, m)
	}
	if n := len(s.Children()); n != 1 {
		t.Errorf("%d processes", n)
	}
	if got := p.call("ask", `"method":"sampling/createMessage","params":{}`); !strings.Contains(got, `-32601`) {
		t.Errorf("what the process asks is answered %s", got)
	}
	if got := p.call("ask", `"method":"ping","params":{}`); got != `{}` {
		t.Errorf("a ping is answered %s", got)
	}
	p.try(p.tool("1", "crash", `"n":3`))
	harness.Until(t, "another process answers", func() bool {
		a, err := p.ask(p.tool("1", "echo", `"payload":5`))
		return err == nil && strings.Contains(strings.Join(a.messages, ""), `"payload":5`)
	})
	if n := len(p.seen(`"initialize"`)); n != 1 {
		t.Errorf("the next process was initialized %d times", n)
	}
}
