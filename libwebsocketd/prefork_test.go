//go:build unix

package libwebsocketd

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
)

// full waits until the pool holds n slots, and so has or is starting n processes.
func (s *serving) full(t *testing.T, n int) {
	t.Helper()
	testkit.Eventually(t, "the pool is full", func() bool { return s.slots.InUse() == n })
}

func TestPreforkEnvironment(t *testing.T) {
	t.Setenv("REMOTE_ADDR", "passed")
	t.Setenv("GATEWAY_INTERFACE", "passed")
	cfg := Config{Command: []string{"/bin/cat"}, Settings: Settings{PassEnv: []string{"REMOTE_ADDR", "GATEWAY_INTERFACE"}}}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	want := []string{"SERVER_SOFTWARE=websocketd", "REMOTE_ADDR=passed", "GATEWAY_INTERFACE=CGI/1.1", "PREFORKED=1"}
	if got := newEnvironment(settings(t, cfg), nil, &cfg).ahead(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestAccountEnvironment: a program that runs as a user is told who that is, unless its own
// variables say it.
func TestAccountEnvironment(t *testing.T) {
	t.Setenv("HOME", "/home/server")
	cfg := Config{Command: []string{"/bin/cat"}, Settings: Settings{PassEnv: []string{"HOME"}}}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	p := settings(t, cfg)
	p.Env = []string{"USER=me"}
	for _, test := range []struct {
		account *process.Account
		want    []string
	}{
		{nil, []string{"HOME=/home/server", "USER=me"}},
		{&process.Account{UID: 7}, []string{"HOME=/home/server", "USER=me"}},
		{&process.Account{Name: "ada", Home: "/home/ada"}, []string{"HOME=/home/ada", "USER=me", "LOGNAME=ada"}},
	} {
		if got := newEnvironment(p, test.account, &cfg).static[1:]; !slices.Equal(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.account, got, test.want)
		}
	}
}

// Whatever a request carries, the line is one line of JSON and gives it back.
func TestRequestLine(t *testing.T) {
	t.Parallel()
	batch := requestLine([]string{"A=1", "EMPTY=", `ODD="a\b<&>=`, "LINES=a\nb", "BYTES=a\xffb", "U=ä\u2028"})
	if len(batch) != 1 || batch[0].Kind != bridge.Preface || batch[0].More {
		t.Fatalf("%+v", batch)
	}
	line := string(batch[0].Data)
	if strings.Index(line, "\n") != len(line)-1 {
		t.Errorf("not one line: %q", line)
	}
	var got map[string]string
	if err := json.Unmarshal(batch[0].Data, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"A": "1", "EMPTY": "", "ODD": `"a\b<&>=`, "LINES": "a\nb", "BYTES": "a\ufffdb", "U": "ä\u2028"}
	for name, value := range want {
		if got[name] != value || len(got) != len(want) {
			t.Errorf("%s is %q, want %q; in all %d", name, got[name], value, len(got))
		}
	}
}

// A request that is refused after the slot gives back what was ready for it.
func TestPreforkedForNothing(t *testing.T) {
	t.Parallel()
	cfg := shell("exec cat")
	cfg.Prefork, cfg.MaxForks = 1, 1
	s := serve(t, cfg)
	s.full(t, 1)
	long := http.Header{"X-Long": {strings.Repeat("x", maxVariable)}}
	for range 3 {
		var answer *http.Response
		testkit.Eventually(t, "there is a slot", func() bool { // the client before may still have it
			_, answer, _ = s.tryDial("/", long)
			return answer == nil || answer.StatusCode != http.StatusTooManyRequests
		})
		if answer == nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Fatalf("%v", answer)
		}
		testkit.Eventually(t, "a client is served", func() bool {
			c, _, err := s.tryDial("/", nil)
			if err != nil {
				return false
			}
			defer c.Close()
			c.WriteMessage(websocket.TextMessage, []byte("hello"))
			mustRead(t, c, "hello")
			return true
		})
	}
}

// Shutdown ends those without a client, before and while clients are served.
func TestPreforkShutdown(t *testing.T) {
	t.Parallel()
	for _, clients := range []int{0, 1, 3} {
		cfg := shell("exec cat")
		cfg.Prefork, cfg.PreforkRequest = 3, true
		s := serve(t, cfg)
		for range clients {
			c := s.dial(t, "/", nil)
			if _, line, err := c.ReadMessage(); err != nil || !json.Valid(line) {
				t.Fatalf("%q, %v", line, err)
			}
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if n := s.slots.InUse(); n != 0 {
			t.Errorf("%d slots are still held", n)
		}
		if proc, refusal := s.acquire(t.Context(), s.own, true, s.cfg.Logger); proc != nil || refusal != nil {
			t.Errorf("%v, %v", proc, refusal)
		} else {
			s.release(s.own)
		}
	}
}

// A Shutdown whose time is over does not wait for a ladder of minutes.
func TestPreforkShutdownByForce(t *testing.T) {
	t.Parallel()
	cfg := shell(`trap "" INT TERM; while :; do read line || sleep 600; done`)
	cfg.Prefork, cfg.CloseDelay = 2, 10*testkit.Patience
	s := serve(t, cfg)
	s.full(t, 2)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	testkit.Within(t, testkit.Patience, "Shutdown", func() {
		if err := s.Shutdown(ctx); err != context.Canceled {
			t.Errorf("%v", err)
		}
	})
}
