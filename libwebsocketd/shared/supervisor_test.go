package shared

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd"
)

// service is a server of one shell script.
type service struct {
	*libwebsocketd.Server
	url string
}

// serveScript serves a script until the test ends.
func serveScript(t *testing.T, script string, life Lifetime) *service {
	t.Helper()
	return serveConfig(t, libwebsocketd.Config{Command: []string{"/bin/sh", "-c", script}, Settings: libwebsocketd.Settings{Lifetime: life}})
}

func serveConfig(t *testing.T, cfg libwebsocketd.Config) *service {
	t.Helper()
	server, err := libwebsocketd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		front.Close()
	})
	return &service{server, "ws" + strings.TrimPrefix(front.URL, "http")}
}

func (s *service) dial(t *testing.T, path string) *websocket.Conn {
	t.Helper()
	c, resp, err := websocket.DefaultDialer.Dial(s.url+path, nil)
	if err != nil {
		t.Fatalf("dial %s: %v %v", path, err, resp)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(2 * time.Minute))
	return c
}

// refused dials for a refusal.
func (s *service) refused(t *testing.T, path string, header http.Header) int {
	t.Helper()
	c, resp, err := websocket.DefaultDialer.Dial(s.url+path, header)
	if err == nil {
		c.Close()
		return 101
	}
	if resp == nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func read(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	_, data, err := c.ReadMessage()
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// TestOneProcess: a URL has one process, and its query none of its own. Another path
// has another. Nothing of a request is in its environment.
func TestOneProcess(t *testing.T) {
	t.Parallel()
	s := serveScript(t, `echo $$; env | sort; echo .; while read line; do echo "$line"; done`, Lifetime{})
	a, b, other := s.dial(t, "/a?x=1"), s.dial(t, "/a?y=2"), s.dial(t, "/b")
	pid := read(t, a)
	if got := read(t, b); got != pid {
		t.Errorf("two processes: %s and %s", pid, got)
	}
	if got := read(t, other); got == pid {
		t.Errorf("%s serves two paths", pid)
	}
	var env []string
	for line := ""; line != "."; line = read(t, a) {
		if line != "" && !strings.HasPrefix(line, "PWD=") && !strings.HasPrefix(line, "_=") && !strings.HasPrefix(line, "PATH=") && !strings.HasPrefix(line, "SHLVL=") {
			env = append(env, line)
		}
	}
	want := "[GATEWAY_INTERFACE=CGI/1.1 PATH_INFO=/a SCRIPT_NAME=/ SERVER_SOFTWARE=websocketd]"
	if got := fmt.Sprint(env); got != want {
		t.Errorf("environment %s, want %s", got, want)
	}
	for line := ""; line != "."; line = read(t, b) {
	}
	for i, c := range []*websocket.Conn{a, b} {
		c.WriteMessage(websocket.TextMessage, []byte(fmt.Sprint("from ", i)))
		for _, viewer := range []*websocket.Conn{a, b} {
			if got := read(t, viewer); got != fmt.Sprint("from ", i) {
				t.Errorf("got %q", got)
			}
		}
	}
}

// TestNeverTwo: a viewer that comes while the process is being ended waits for its
// end, and gets another one.
func TestNeverTwo(t *testing.T) {
	t.Parallel()
	lock := filepath.Join(t.TempDir(), "lock")
	script := `mkdir "` + lock + `" || { echo twice; exit; }
		trap 'sleep 0.3; rmdir "` + lock + `"; exit' EXIT INT TERM
		echo hello; while read x; do :; done`
	s := serveConfig(t, libwebsocketd.Config{Command: []string{"/bin/sh", "-c", script},
		Settings: libwebsocketd.Settings{Lifetime: Lifetime{}, CloseDelay: time.Minute}})
	for range 3 {
		c := s.dial(t, "/")
		if got := read(t, c); got != "hello" {
			t.Errorf("got %q", got)
		}
		c.Close()
	}
}

// TestNothingRuns: a viewer that has seen output of a process is not given another one.
func TestNothingRuns(t *testing.T) {
	t.Parallel()
	s := serveScript(t, "cat", Lifetime{})
	for path, want := range map[string]int{"/a?after=5": 404, "/b?after=x:1": 404, "/c?after=x": 400, "/d?after=0&notes=no": 101, "/d?notes=": 400, "/d?notes=yes": 400, "/e": 101} {
		if got := s.refused(t, path, nil); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if got := s.refused(t, "/other", http.Header{"Last-Event-ID": {"x:1"}}); got != 204 {
		t.Errorf("Last-Event-ID: %d", got)
	}
}

// cannotHijack is for a client that comes as far as the upgrade.
type cannotHijack struct{ *httptest.ResponseRecorder }

func (cannotHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.ErrUnsupported
}

// TestEagerIsKnown: a viewer that resumes and comes as soon as the server is there finds the process.
func TestEagerIsKnown(t *testing.T) {
	t.Parallel()
	for range 50 {
		server, err := libwebsocketd.New(libwebsocketd.Config{Command: []string{"/bin/cat"}, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Start: StartEager}}})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "http://localhost/?after=5", nil)
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(name, value)
		}
		w := cannotHijack{httptest.NewRecorder()}
		server.ServeHTTP(w, r)
		if err := server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if w.Code == http.StatusNotFound {
			t.Fatal(w.Body)
		}
	}
}

// TestLaunchFails: the first viewer gets the refusal, and the next one tries again.
func TestLaunchFails(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "script")
	s := serveConfig(t, libwebsocketd.Config{Command: []string{script}, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Start: StartEager}}, MaxForks: 1})
	if got := s.refused(t, "/", nil); got != 404 {
		t.Errorf("without a program: %d", got)
	}
	os.WriteFile(script, []byte("#!/bin/sh\necho hello\nexec cat\n"), 0o600)
	if got := s.refused(t, "/", nil); got != 403 {
		t.Errorf("not executable: %d", got)
	}
	os.Chmod(script, 0o700)
	if got := read(t, s.dial(t, "/")); got != "hello" {
		t.Error(got)
	}
	if got := s.refused(t, "/other", nil); got != 429 {
		t.Errorf("over MaxForks: %d", got)
	}
}

// TestReload: viewers keep the process they have; a client that comes then gets the new one.
func TestReload(t *testing.T) {
	t.Parallel()
	program := func(word string) []libwebsocketd.Program {
		return []libwebsocketd.Program{{Name: "p", Command: []string{"/bin/sh", "-c", "echo " + word + "; exec cat"}, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Start: StartEager}}}}
	}
	s := serveConfig(t, libwebsocketd.Config{Programs: program("old"), MaxForks: 2})
	old := s.dial(t, "/p")
	if got := read(t, old); got != "old" {
		t.Error(got)
	}
	if err := s.Reload(program("new")); err != nil {
		t.Fatal(err)
	}
	c := s.dial(t, "/p")
	if got := read(t, c); got != "new" {
		t.Error(got)
	}
	old.WriteMessage(websocket.TextMessage, []byte("still there"))
	if got := read(t, old); got != "still there" {
		t.Error(got)
	}
	old.Close()
	if err := s.Reload(append(program("new"), libwebsocketd.Program{Name: "q", Command: []string{"/bin/cat"}})); err != nil {
		t.Fatal(err)
	}
	c.WriteMessage(websocket.TextMessage, []byte("the same"))
	if got := read(t, c); got != "the same" {
		t.Error(got)
	}
	for deadline := time.Now().Add(2 * time.Minute); s.refused(t, "/q", nil) != 101; { // until the old one's slot is free
		if time.Now().After(deadline) {
			t.Fatal("the old process is still there")
		}
	}
}

// TestWatch: a script that is rewritten is restarted, once, and its viewers stay.
func TestWatch(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(path, script string){
		"in place": func(path, script string) { os.WriteFile(path, []byte(script), 0o700) },
		"renamed": func(path, script string) {
			os.WriteFile(path+"~", []byte(script), 0o700)
			os.Rename(path+"~", path)
		},
	} {
		for _, interpreted := range []bool{false, true} {
			t.Run(fmt.Sprint(name, interpreted), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "script.sh")
				write(path, "#!/bin/sh\necho one\nexec cat\n")
				command := []string{path}
				if interpreted {
					command = []string{"/bin/sh", path}
				}
				s := serveConfig(t, libwebsocketd.Config{Command: command, Settings: libwebsocketd.Settings{Lifetime: Lifetime{Watch: true}}})
				c := s.dial(t, "/")
				if got := read(t, c); got != "one" {
					t.Error(got)
				}
				for _, word := range []string{"two", "three"} {
					write(path, "#!/bin/sh\nexec cat\n") // an editor's first write; on a busy machine it may be started
					write(path, "#!/bin/sh\necho "+word+"\nexec cat\n")
					notes := 0
					for got := read(t, c); got != word; got = read(t, c) {
						if notes++; got != "[websocketd: restarted after exit status 0]" {
							t.Fatalf("got %q, want %q", got, word)
						}
					}
					if notes == 0 {
						t.Errorf("%s without a note", word)
					}
				}
				c.WriteMessage(websocket.TextMessage, []byte("hello"))
				if got := read(t, c); got != "hello" {
					t.Error(got)
				}
			})
		}
	}
}

// TestEndAll: the processes of every URL are ended, with viewers or without, and none follows one
// that is always restarted. The next viewer gets another one.
func TestEndAll(t *testing.T) {
	t.Parallel()
	s := serveScript(t, `echo $$; exec cat`, Lifetime{Restart: RestartAlways, Linger: time.Hour})
	a, b := s.dial(t, "/a"), s.dial(t, "/b")
	first, second := read(t, a), read(t, b)
	b.Close()
	if ended, known := s.EndProgram(""); ended != 2 || !known {
		t.Errorf("%d %v", ended, known)
	}
	if got := read(t, a); got != "websocket: close 1000 (normal): exit status 0" {
		t.Errorf("the viewer got %q", got)
	}
	for i, old := range []string{first, second} {
		if got := read(t, s.dial(t, []string{"/a", "/b"}[i])); got == old || len(got) > 10 {
			t.Errorf("after %s: %s", old, got)
		}
	}
	if ended, _ := s.EndProgram(""); ended != 2 {
		t.Errorf("the next ones: %d", ended)
	}
}

// TestEndReplaced: viewers of a process that a reload has left running are told its end.
func TestEndReplaced(t *testing.T) {
	t.Parallel()
	program := func(history int) []libwebsocketd.Program {
		return []libwebsocketd.Program{{Name: "p", Path: "/", Command: []string{"/bin/sh", "-c", "echo $$; exec cat"},
			Settings: libwebsocketd.Settings{Lifetime: Lifetime{History: history}}}}
	}
	s := serveConfig(t, libwebsocketd.Config{Programs: program(1000)})
	a := s.dial(t, "/")
	read(t, a)
	for _, history := range []int{2000, 3000} {
		if err := s.Reload(program(history)); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
	}
	b := s.dial(t, "/")
	read(t, b)
	if ended, known := s.EndProgram("p"); ended != 2 || !known {
		t.Errorf("%d %v", ended, known)
	}
	for _, c := range []*websocket.Conn{a, b} {
		if got := read(t, c); got != "websocket: close 1000 (normal): exit status 0" {
			t.Errorf("the viewer got %q", got)
		}
	}
}
