//go:build unix

package libwebsocketd

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// TestOverview: what is served is told, with what runs of it, before a reload and after one.
func TestOverview(t *testing.T) {
	t.Parallel()
	cat := []string{"/bin/cat", "-u"}
	s := serve(t, Config{Command: []string{"/bin/sh", "-c", "exec cat"}, MaxForks: 9, Programs: []Program{
		{Name: "cat", Path: "/a/cat", Command: cat, MaxForks: 2, Settings: Settings{Binary: true}},
		{Name: "kept", Command: cat, Settings: Settings{Lifetime: doors{}, Framing: FramingNDJSON}},
	}})
	c := s.dial(t, "/a/cat", nil)
	all := s.Programs()
	if len(all) != 3 || all[0].Name != "cat" || all[1].Name != "kept" || all[2].Name != "" {
		t.Fatalf("%+v", all)
	}
	if p := all[0]; p.Path != "/a/cat" || p.Lifetime != "connection" || p.Framing != "binary" || strings.Join(p.Command, " ") != "/bin/cat -u" || p.Processes != 1 || p.MaxProcesses != 2 {
		t.Errorf("%+v", p)
	}
	if p := all[1]; p.Path != "/kept" || p.Framing != "ndjson" || p.Processes != 0 || p.MaxProcesses != 9 {
		t.Errorf("%+v", p)
	}
	if p := all[2]; p.Path != "/" || p.Framing != "line" || len(p.Command) != 3 {
		t.Errorf("%+v", p)
	}
	all[2].Command[0] = "changed by the caller"
	if err := s.Reload([]Program{{Name: "cat", Command: cat}}); err != nil {
		t.Fatal(err)
	}
	if all := s.Programs(); len(all) != 2 || all[0].Processes != 1 || all[0].Path != "/cat" || all[1].Command[0] != "/bin/sh" {
		t.Errorf("after the reload: %+v", all)
	}
	if n := s.Processes(); n != 1 || s.GoingAway() {
		t.Errorf("%d processes, going away %v", n, s.GoingAway())
	}
	s.Shutdown(context.Background())
	if n := s.Processes(); n != 0 || !s.GoingAway() {
		t.Errorf("after the end %d processes, going away %v", n, s.GoingAway())
	}
	c.Close()
}

// TestOverviewOfDirectory: where the URL chooses what runs, the directory is told.
func TestOverviewOfDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, Config{Dir: dir})
	if all := s.Programs(); len(all) != 1 || len(all[0].Command) != 1 || all[0].Command[0] != dir {
		t.Errorf("%+v", all)
	}
}

// TestEndProgram: every client of the program is told, whatever it speaks, and of no other. A
// process that does not take the hint is killed.
func TestEndProgram(t *testing.T) {
	t.Parallel()
	stubborn := []string{"/bin/sh", "-c", `trap '' INT TERM; echo ready; while :; do sleep 600 & wait; done`}
	s := serve(t, Config{Command: []string{"/bin/cat"}, Dialects: []Dialect{byName{}},
		Programs: []Program{{Name: "p", Command: stubborn}, {Name: "other", Command: stubborn}}})
	a, b, other, own := s.dial(t, "/p", nil), s.dial(t, "/p/b", nil), s.dial(t, "/other", nil), s.dial(t, "/", nil)
	unnamed := s.dial(t, "/any", http.Header{"Sec-WebSocket-Protocol": {"call-1"}})
	named := s.call(t, "p", nil)
	for _, c := range []*websocket.Conn{a, b, other} {
		mustRead(t, c, "ready")
	}
	mustReadAny(t, named)
	testkit.Eventually(t, "all are listed", func() bool { return len(s.Conversations()) == 6 })
	nameless := 0
	for _, c := range s.Conversations() {
		if c.Nameless {
			nameless++
		}
	}
	if nameless != 1 {
		t.Errorf("%d have named no program, want 1", nameless)
	}
	if ended, known := s.EndProgram("no such"); ended != 0 || known {
		t.Errorf("%d %v", ended, known)
	}
	if ended, known := s.EndProgram("p"); ended != 3 || !known {
		t.Errorf("%d %v", ended, known)
	}
	for _, c := range []*websocket.Conn{a, b, named} {
		mustEnd(t, c, 1008, "ended by the operator")
	}
	if ended, known := s.EndProgram(""); ended != 1 || !known { // not that which has named none
		t.Errorf("%d %v", ended, known)
	}
	mustEnd(t, own, 1008, "ended by the operator")
	testkit.Eventually(t, "their processes are gone", func() bool { return s.Processes() == 1 })
	testkit.Eventually(t, "the two others are left", func() bool { return len(s.Conversations()) == 2 })
	if ended, known := s.EndProgram("p"); ended != 0 || !known {
		t.Errorf("again: %d %v", ended, known)
	}
	unnamed.Close()
	other.Close()
}

// mustReadAny reads one message.
func mustReadAny(t *testing.T, c *websocket.Conn) {
	t.Helper()
	if _, _, err := c.ReadMessage(); err != nil {
		t.Fatal(err)
	}
}

// TestEndProgramStalled: a client that reads nothing keeps neither its process nor the caller.
func TestEndProgramStalled(t *testing.T) {
	t.Parallel()
	s := serve(t, shell("yes"))
	s.dial(t, "/", nil) // reads nothing
	reads := s.dial(t, "/", nil)
	testkit.Eventually(t, "both are full", func() bool { return len(s.Conversations()) == 2 })
	testkit.Within(t, testkit.Patience, "EndProgram", func() {
		if ended, _ := s.EndProgram(""); ended != 2 {
			t.Errorf("%d", ended)
		}
	})
	reads.Close()
	testkit.Eventually(t, "nothing runs", func() bool { return s.Processes() == 0 })
}

// keepsAll is a Lifetime whose Supervisor is an Ender that counts.
type keepsAll struct {
	doors
	ended *atomic.Int32
	Mark  int // tells a setting from another
}

func (k keepsAll) Serve(host *Runtime) Supervisor { return &keepsSome{doorman{k.doors, host}, k.ended} }

type keepsSome struct {
	doorman
	ended *atomic.Int32
}

func (k *keepsSome) End() int { return int(k.ended.Add(1)) }

// TestEndProgramReplaced: what a reload has replaced is ended too, as long as something holds
// it, and its clients are left to its Supervisor.
func TestEndProgramReplaced(t *testing.T) {
	t.Parallel()
	var ended [3]atomic.Int32
	kept := func(i int) []Program {
		return []Program{{Name: "p", Command: []string{"/bin/cat"}, Settings: Settings{Lifetime: keepsAll{ended: &ended[i], Mark: i}}}}
	}
	s := serve(t, Config{Programs: kept(0)})
	held := s.routes.Load()
	for i := 1; i < len(ended); i++ {
		if err := s.Reload(kept(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n, known := s.EndProgram("p"); n < 2 || !known || ended[0].Load() != 1 || ended[2].Load() != 1 {
		t.Errorf("%d %v: %d %d", n, known, ended[0].Load(), ended[2].Load())
	}
	if err := s.Reload([]Program{{Name: "q", Command: []string{"/bin/cat"}}}); err != nil {
		t.Fatal(err)
	}
	if n, known := s.EndProgram("p"); n < 2 || !known {
		t.Errorf("what is served no more: %d %v", n, known)
	}
	if held.programs[0].Name != "p" {
		t.Error("the first was not held")
	}
}

// TestEndProgramConcurrent: programs are listed and ended during reloads, conversations and a
// shutdown.
func TestEndProgramConcurrent(t *testing.T) {
	t.Parallel()
	program := func(n int) []Program {
		return []Program{{Name: "p", Command: []string{"/bin/cat"}, MaxForks: n, Settings: Settings{Lifetime: doors{}}},
			{Name: "q", Command: []string{"/bin/cat"}, MaxForks: n}}
	}
	s := serve(t, Config{Programs: program(100)})
	var work sync.WaitGroup
	over := make(chan struct{})
	repeat := func(f func(i int)) {
		work.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
					f(i)
				}
			}
		})
	}
	repeat(func(i int) { s.Reload(program(100 + i%2)) })
	repeat(func(i int) { s.Programs(); s.Conversations(); s.Processes() })
	repeat(func(i int) { s.EndProgram([]string{"p", "q"}[i%2]) })
	for range 20 {
		c := s.dial(t, "/q", nil)
		c.WriteMessage(websocket.TextMessage, []byte("x"))
		c.ReadMessage()
		c.Close()
	}
	s.Shutdown(context.Background())
	close(over)
	work.Wait()
	if n := s.Processes(); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}
