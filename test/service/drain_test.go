package service

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"websocketd/test/harness"
)

// refuses waits until nobody listens any more.
func refuses(t *testing.T, s *harness.Server) {
	t.Helper()
	harness.Until(t, "the server stops listening", func() bool {
		c, err := net.Dial("tcp", s.Addr)
		if err == nil {
			c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
}

// ready returns the status and the text of /readyz.
func ready(t *testing.T, port int) (int, string) {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", port))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

// After the signal nobody new comes in, and whoever is there goes on: a WebSocket, a stream of
// events, an answer that is being written. The server ends with the last of them.
func TestDrain(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	admin := harness.FreePort(t)
	o := options(t, "--shutdown=1h", fmt.Sprintf("--admin=%d", admin), "cat")
	o.Env = []string{m.env(), "XDG_RUNTIME_DIR=" + o.Dir}
	s := o.Start(t)
	m.is(t, "READY", "1")
	c := s.Connect(t)
	c.Echo(t, "before")
	body, input := io.Pipe()
	answered := make(chan string, 1)
	go func() {
		answer, err := http.Post("http://"+s.Addr+"/", "text/plain", body)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		answered <- fmt.Sprint(string(text), err)
	}()
	fmt.Fprintln(input, "begun")
	harness.Until(t, "the POST has a process", func() bool { return len(s.Children()) == 2 })
	if status, said := ready(t, admin); status != 200 {
		t.Errorf("before: %d %s", status, said)
	}
	s.Signal(t, syscall.SIGTERM)
	if state := m.is(t, "STOPPING", "1"); len(state["EXTEND_TIMEOUT_USEC"]) < len("3600000000") {
		t.Errorf("told %v", state)
	}
	refuses(t, s)
	if status, said := ready(t, admin); status != 503 || said != "going away\n" {
		t.Errorf("meanwhile: %d %q", status, said)
	}
	c.Echo(t, "meanwhile")
	fmt.Fprintln(input, "finished")
	input.Close()
	if got := <-answered; got != "begun\nfinished\n<nil>" {
		t.Errorf("the POST is answered %q", got)
	}
	c.Echo(t, "to the last")
	if s.Exited() {
		t.Fatal("it has ended too early")
	}
	c.Leave(t)
	if status := s.Wait(t); status != 0 || !s.Out.Has("the last client has left") {
		t.Errorf("status %d", status)
	}
}

// What is left when the time is over is told: WebSockets by 1001, and those whose messages are
// numbered how to go on. Without --shutdown that is at once.
func TestDrainOver(t *testing.T) {
	t.Parallel()
	const away, resume = "server is going away", "server is going away; after=EPOCH:N goes on behind message N"
	for _, test := range []struct {
		flag, reason string
	}{{"--passenv=PATH,WSD_MARK", away}, {"--shared", resume}, {"--resume=1h", resume}} {
		for _, patience := range []string{"0", "300ms"} {
			t.Run(test.flag+" "+patience, func(t *testing.T) {
				t.Parallel()
				s := options(t, test.flag, "--shutdown="+patience, "cat").Start(t)
				c := s.Connect(t)
				c.Echo(t, "there")
				s.Signal(t, syscall.SIGTERM)
				c.Ends(t, 1001, test.reason)
				if status := s.Wait(t); status != 0 {
					t.Errorf("status %d", status)
				}
			})
		}
	}
}

// A stream of events goes on, and then ends with a word.
func TestDrainOverEvents(t *testing.T) {
	t.Parallel()
	s := options(t, "--shutdown=500ms", "sh", "-c", "echo up; exec sleep 1000").Start(t)
	r, err := http.NewRequest("GET", "http://"+s.Addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	s.Signal(t, syscall.SIGTERM)
	text, err := io.ReadAll(answer.Body)
	if got := string(text); err != nil || !strings.Contains(got, "data: up") || !strings.Contains(got, `{"code":1001,"reason":"server is going away"}`) {
		t.Errorf("%q, %v", got, err)
	}
	if status := s.Wait(t); status != 0 || !s.Out.Has("500ms are over") {
		t.Errorf("status %d", status)
	}
}

// A second signal ends at once what would go on.
func TestDrainTwice(t *testing.T) {
	t.Parallel()
	s := options(t, "--shutdown=1h", "cat").Start(t)
	c := s.Connect(t)
	c.Echo(t, "there")
	s.Signal(t, syscall.SIGTERM)
	refuses(t, s)
	s.Signal(t, syscall.SIGINT)
	if status := s.Wait(t); status != 128+int(syscall.SIGINT) {
		t.Errorf("status %d", status)
	}
	harness.NoSurvivors(t, s)
}
