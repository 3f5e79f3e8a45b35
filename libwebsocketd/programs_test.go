//go:build unix

package libwebsocketd

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/internal/testkit"
)

// sh returns a program that is a script, with the settings every test's server has.
func sh(name, script string) Program {
	return Program{Name: name, Command: []string{"/bin/sh", "-c", script}, Settings: Settings{PassEnv: []string{"PATH"}}}
}

// TestPrograms: each program has its own settings, whatever its neighbours have.
func TestPrograms(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text := sh("text", `echo "$SCRIPT_NAME $PATH_INFO $A"; pwd; cat`)
	text.WorkDir, text.Env, text.Protocols = dir, []string{"A=1"}, []string{"one"}
	text.Header = http.Header{"X-A": {"text"}}
	bytes := sh("bytes", "printf 'a\\n'; cat")
	bytes.Path, bytes.Binary, bytes.MaxFrameSize, bytes.Origins = "/text/bytes", true, 3, []string{"other.example"}
	quiet := sh("quiet", "echo out; echo err >&2; exit 3")
	quiet.Stderr = StderrMerge
	cfg := shell("echo own $PATH_INFO $A")
	cfg.Programs, cfg.Header = []Program{text, bytes, quiet}, http.Header{"X-A": {"own"}}
	s := serve(t, cfg)

	c, answer, err := s.tryDial("/text/x", http.Header{"Sec-Websocket-Protocol": {"two, one"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mustRead(t, c, "/text /x 1")
	mustRead(t, c, dir)
	if answer.Header.Get("X-A") != "text" || c.Subprotocol() != "one" {
		t.Errorf("%v", answer.Header)
	}
	c = s.dial(t, "/text/bytes", http.Header{"Origin": {"http://other.example"}})
	if kind, data, err := c.ReadMessage(); kind != websocket.BinaryMessage || string(data) != "a\n" || err != nil {
		t.Errorf("%d %q %v", kind, data, err)
	}
	c.WriteMessage(websocket.BinaryMessage, []byte("four"))
	mustEnd(t, c, 1009, "message over --maxframesize=3")
	if _, answer, _ := s.tryDial("/text", http.Header{"Origin": {"http://other.example"}}); answer == nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("the origins of one program are another's: %v", answer)
	}
	c = s.dial(t, "/quiet", nil)
	mustRead(t, c, "out")
	mustRead(t, c, "err")
	mustEnd(t, c, 4003, "exit status 3")
	c = s.dial(t, "/textual", nil)
	mustRead(t, c, "own /textual")
	mustEnd(t, c, 1000, "exit status 0")
}

// TestUnknownPath: a path of no program starts none, and takes no slot.
func TestUnknownPath(t *testing.T) {
	t.Parallel()
	started := filepath.Join(t.TempDir(), "started")
	s := serve(t, Config{Programs: []Program{sh("a", "echo >>"+started)}, MaxForks: 1})
	for range 3 {
		if _, answer, _ := s.tryDial("/b", nil); answer == nil || answer.StatusCode != http.StatusNotFound {
			t.Errorf("%v", answer)
		}
	}
	if _, err := os.Stat(started); err == nil {
		t.Error("it was started")
	}
	mustEnd(t, s.dial(t, "/a", nil), 1000, "exit status 0")
}

// TestMissingWorkDir: a missing directory is reported before the upgrade.
func TestMissingWorkDir(t *testing.T) {
	t.Parallel()
	p := sh("a", "cat")
	p.WorkDir = filepath.Join(t.TempDir(), "gone")
	s := serve(t, Config{Programs: []Program{p}})
	status, body, _ := s.ask(t, "GET /a HTTP/1.1\nHost: HOST\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n")
	if status != http.StatusInternalServerError || !strings.Contains(body, "directory the program is to run in") {
		t.Errorf("%d %s", status, body)
	}
}

// TestProgramMaxForks: a program's own limit, below the one of all.
func TestProgramMaxForks(t *testing.T) {
	t.Parallel()
	one, any := sh("one", "cat"), sh("any", "cat")
	one.MaxForks = 1
	s := serve(t, Config{Programs: []Program{one, any}, MaxForks: 3})
	refused := func(path, reason string) {
		t.Helper()
		status, body, _ := s.ask(t, "GET "+path+" HTTP/1.1\nHost: HOST\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n")
		if status != http.StatusTooManyRequests || !strings.Contains(body, reason) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	first := s.dial(t, "/one", nil)
	refused("/one", "every one of the 1 processes that program one may have at once is taken")
	s.dial(t, "/any", nil)
	s.dial(t, "/any", nil)
	refused("/any", "--maxforks=3")
	refused("/one", "program one")
	first.Close()
	testkit.Eventually(t, "the slots are free", func() bool { return s.slots.InUse() == 2 })
	s.dial(t, "/one", nil)
	refused("/any", "--maxforks=3")
}

// TestClientBeforePool: what is started ahead for one program keeps no client of
// another out.
func TestClientBeforePool(t *testing.T) {
	t.Parallel()
	ahead := sh("ahead", "exec cat")
	ahead.Prefork, ahead.MaxForks = 2, 2
	s := serve(t, Config{Programs: []Program{ahead, sh("other", "exec cat")}, MaxForks: 2})
	s.full(t, 2)
	for _, path := range []string{"/other", "/other"} {
		c := s.dial(t, path, nil)
		c.WriteMessage(websocket.TextMessage, []byte("hello"))
		mustRead(t, c, "hello")
	}
	p := s.routes.Load().named()["ahead"]
	testkit.Eventually(t, "its own slots are free", func() bool { return p.slots.InUse() == 0 })
	if _, answer, _ := s.tryDial("/ahead", nil); answer == nil || answer.StatusCode != http.StatusTooManyRequests {
		t.Errorf("%v", answer)
	}
}

// TestReloadPools: what was started ahead is kept for a program that has not
// changed, and ended for one that has or is gone.
func TestReloadPools(t *testing.T) {
	t.Parallel()
	kept, changed, gone := sh("kept", "echo $$; exec cat"), sh("changed", "echo $$; exec cat"), sh("gone", "echo $$; exec cat")
	kept.Prefork, changed.Prefork, gone.Prefork = 1, 1, 1
	s := serve(t, Config{Programs: []Program{kept, changed, gone}, MaxForks: 8})
	s.full(t, 3)
	before := s.routes.Load()
	pid := func(path string) int {
		_, line, err := s.dial(t, path, nil).ReadMessage()
		n, _ := strconv.Atoi(string(line))
		if err != nil || n == 0 {
			t.Fatalf("%s: %q, %v", path, line, err)
		}
		return n
	}
	// One of each has a client; the others wait.
	running := s.dial(t, "/gone", nil)
	running.ReadMessage()
	s.full(t, 4)
	changed.MaxForks, changed.Env = 2, []string{"A=1"}
	if err := s.Reload([]Program{changed, kept}); err != nil {
		t.Fatal(err)
	}
	after := s.routes.Load()
	if after.named()["kept"] != before.named()["kept"] || after.named()["changed"].pool == before.named()["changed"].pool || after.named()["gone"] != nil {
		t.Error("the wrong pools were kept")
	}
	s.full(t, 3) // the client of gone, and one each for kept and changed
	pid("/kept")
	pid("/changed")
	running.WriteMessage(websocket.TextMessage, []byte("still there"))
	mustRead(t, running, "still there")
	if _, answer, _ := s.tryDial("/gone", nil); answer == nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("%v", answer)
	}
}

// TestReloadKeepsCount: processes from before count against the new limit, also if the program was
// away meanwhile, for however many reloads.
func TestReloadKeepsCount(t *testing.T) {
	t.Parallel()
	p, other := sh("a", "exec cat"), sh("b", "exec cat")
	away := [][]Program{{other}, {other}, {}}
	for i := range len(away) + 1 {
		testReloadKeepsCount(t, p, away[:i])
	}
}

// testReloadKeepsCount reloads with these before the program is back.
func testReloadKeepsCount(t *testing.T, p Program, away [][]Program) {
	t.Helper()
	p.MaxForks = 3
	s := serve(t, Config{Programs: []Program{p}})
	first, last := s.dial(t, "/a", nil), s.dial(t, "/a", nil)
	p.MaxForks = 2
	for _, programs := range append(slices.Clone(away), []Program{p}) {
		if err := s.Reload(programs); err != nil {
			t.Fatal(err)
		}
	}
	if _, answer, _ := s.tryDial("/a", nil); answer == nil || answer.StatusCode != http.StatusTooManyRequests {
		t.Errorf("%v", answer)
	}
	last.Close()
	testkit.Eventually(t, "there is a slot", func() bool {
		c, _, err := s.tryDial("/a", nil)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if err := s.Reload([]Program{}); err != nil {
		t.Fatal(err)
	}
	first.Close()
	testkit.Eventually(t, "the count is forgotten", func() bool {
		if err := s.Reload([]Program{}); err != nil {
			t.Error(err)
		}
		s.reloading.Lock()
		defer s.reloading.Unlock()
		return len(s.counted) == 0
	})
}

// TestReloadUnderLoad: clients come, talk and leave while the programs are put in
// others' places all the time. No connection fails and no message is lost.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	const clients, talks, messages = 6, 15, 20
	variant := func(n int) []Program {
		stays, changes := sh("stays", "exec cat"), sh("changes", "exec cat")
		stays.Prefork = 2
		changes.Env, changes.Prefork = []string{fmt.Sprint("N=", n)}, n%3
		return []Program{stays, changes, sh(fmt.Sprint("new-", n), "exec cat")}[:2+n%2]
	}
	s := serve(t, Config{Programs: variant(0)})
	var talking sync.WaitGroup
	said := make(chan struct{}) // signaled at each answer of a program, if the last reload is over
	for i := range clients {
		path := []string{"/stays", "/changes"}[i%2]
		talking.Go(func() {
			for range talks {
				if !converse(t, s, path, messages, said) {
					return
				}
			}
		})
	}
	reloads := make(chan int)
	go func() {
		n := 0
		for range said {
			n++
			if err := s.Reload(variant(n)); err != nil {
				t.Errorf("Reload: %v", err)
			}
		}
		reloads <- n
	}()
	talking.Wait()
	close(said)
	if n := <-reloads; n < clients*talks {
		t.Errorf("only %d reloads", n)
	}
}

// converse says messages and reads each back, then to the end.
func converse(t *testing.T, s *serving, path string, messages int, said chan<- struct{}) bool {
	c, answer, err := s.tryDial(path, nil)
	if err != nil {
		t.Errorf("%s: %v, %v", path, err, answer)
		return false
	}
	defer c.Close()
	for i := range messages {
		c.WriteMessage(websocket.TextMessage, fmt.Append(nil, i))
		select {
		case said <- struct{}{}:
		default:
		}
		if _, data, err := c.ReadMessage(); string(data) != fmt.Sprint(i) {
			t.Errorf("%s: %q, %v instead of %d", path, data, err, i)
			return false
		}
	}
	return true
}

// TestReloadAndShutdown: whichever comes first, nothing is left.
func TestReloadAndShutdown(t *testing.T) {
	t.Parallel()
	p := sh("a", "exec cat")
	p.Prefork = 2
	s := serve(t, Config{Programs: []Program{p}})
	begun, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			if n == 3 {
				close(begun)
			}
			p.Env = []string{fmt.Sprint("N=", n)}
			if err := s.Reload([]Program{p}); err != nil {
				ended <- err
				return
			}
		}
	}()
	<-begun
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !strings.Contains(err.Error(), "going away") {
		t.Error(err)
	}
	if s.slots.InUse() != 0 {
		t.Errorf("%d slots are held", s.slots.InUse())
	}
}
