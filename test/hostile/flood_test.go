package hostile

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/test/harness"
)

// A flood comes from 127.0.0.1, while a neighbour at another address is served.
const (
	floodSize  = 10_000
	floodWidth = 64 // clients at once
)

var neighbour = net.IPv4(127, 0, 0, 2)

// floodServer runs a program that writes down for which address it was started. starts says
// how often that was.
func floodServer(t *testing.T, args ...string) (s *harness.Server, starts func(address string) int) {
	dir := t.TempDir()
	args = append(args, "--loglevel=error", "sh", "-c", `echo >>"$REMOTE_ADDR"; exec cat`)
	s = harness.Options{Bin: harness.PlainBinary(t), Dir: dir, Args: args}.Start(t)
	return s, func(address string) int {
		written, _ := os.ReadFile(filepath.Join(dir, address))
		return len(written)
	}
}

// flood is what came of many clients.
type flood struct {
	began time.Time
	over  chan struct{}
	count [600]atomic.Int64 // by status; 0 is no answer
	mu    sync.Mutex
	held  []net.Conn
}

// startFlood asks so many times. Some of those that are let in stay.
func startFlood(t *testing.T, s *harness.Server, r harness.Request) *flood {
	f := &flood{began: time.Now(), over: make(chan struct{})}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range floodWidth {
		workers.Go(func() {
			for i := next.Add(1); i <= floodSize; i = next.Add(1) {
				f.ask(s.Addr, r, i%8 == 0)
			}
		})
	}
	go func() { defer close(f.over); workers.Wait() }()
	t.Cleanup(func() { <-f.over; f.closeAll() })
	return f
}

func (f *flood) ask(address string, r harness.Request, stays bool) {
	status := 0
	defer func() { f.count[status].Add(1) }()
	c, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	c.Write([]byte(r.String()))
	if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
		status = answer.StatusCode
	}
	if status != http.StatusSwitchingProtocols || !stays {
		c.Close()
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = append(f.held, c)
}

// came says how many were answered with which status.
func (f *flood) came() string {
	var all []string
	for status := range f.count {
		if n := f.count[status].Load(); n > 0 {
			all = append(all, fmt.Sprintf("%d: %d", status, n))
		}
	}
	return strings.Join(all, ", ")
}

// of is the number of answers with one of some statuses.
func (f *flood) of(statuses ...int) (n int) {
	for _, status := range statuses {
		n += int(f.count[status].Load())
	}
	return n
}

// closeAll ends what stayed.
func (f *flood) closeAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.held {
		c.Close()
	}
}

// serveMeanwhile lets the neighbour in, again and again until a flood is over, and prints how
// long that took. It returns the most processes that were seen.
func serveMeanwhile(t *testing.T, s *harness.Server, r harness.Request, over <-chan struct{}) (most int) {
	t.Helper()
	var took []time.Duration
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for going := true; going; <-pace.C {
		began := time.Now()
		c := s.DialFrom(t, neighbour)
		c.Send(t, r.String())
		if err := c.ReadResponse(); err != nil || c.Status() != 101 {
			t.Fatalf("the neighbour: %v, %s", err, c.Body)
		}
		c.Echo(t, "hello")
		took = append(took, time.Since(began))
		c.Close()
		most = max(most, len(s.Children()))
		select {
		case <-over:
			going = false
		default:
		}
	}
	slices.Sort(took)
	harness.Measured(t, "a neighbour was served %d times meanwhile: median %s, p99 %s, at most %s", len(took),
		took[len(took)/2].Round(time.Millisecond/10), took[len(took)*99/100].Round(time.Millisecond/10), took[len(took)-1].Round(time.Millisecond/10))
	return most
}

// checkMemory holds the server to many times what it needs for a few connections.
func checkMemory(t *testing.T, s *harness.Server, most int64) {
	t.Helper()
	peak := harness.PeakMemory(t, s.PID)
	harness.Measured(t, "VmHWM %d MiB", peak/mib)
	if peak > most {
		t.Errorf("VmHWM %d MiB is over %d MiB", peak/mib, most/mib)
	}
}

// servedAgain waits until the address of the flood gets an answer with a status.
func servedAgain(t *testing.T, s *harness.Server, r harness.Request, status int) {
	t.Helper()
	began := time.Now()
	harness.Until(t, "the address of the flood is served again", func() bool {
		c := s.Ask(t, r)
		defer c.Close()
		return c.Status() == status
	})
	harness.Measured(t, "the address of the flood was served again %s after its end", time.Since(began).Round(time.Millisecond))
}

// TestConnectFlood: ten thousand connects of one address start no more processes than they
// may, at once and in a second; a neighbour is served, and afterwards they are.
func TestConnectFlood(t *testing.T) {
	const atOnce, rate = 20, 50
	s, starts := floodServer(t, fmt.Sprint("--maxperip=", atOnce), fmt.Sprint("--spawnrate=", rate))
	f := startFlood(t, s, harness.Handshake("/"))
	most := serveMeanwhile(t, s, harness.Handshake("/"), f.over)
	took := time.Since(f.began)
	harness.Measured(t, "%d connects in %s: %s; %d processes started, %d at once", floodSize, took.Round(time.Millisecond), f.came(), starts("127.0.0.1"), most)
	if n := f.of(101, 429); n != floodSize || f.of(101) == 0 {
		t.Errorf("%d of %d were let in or told why not", n, floodSize)
	}
	if own := 5; most > atOnce+own { // the neighbour's end one after another
		t.Errorf("%d processes, --maxperip=%d", most, atOnce)
	}
	if n, may := starts("127.0.0.1"), rate+int(took.Seconds()*rate)+1; n > may {
		t.Errorf("%d processes were started in %s, --spawnrate=%d allows %d", n, took, rate, may)
	}
	checkMemory(t, s, 128*mib)
	f.closeAll()
	servedAgain(t, s, harness.Handshake("/"), 101)
	harness.NoSurvivors(t, s)
}

// TestLoginFlood: of ten thousand wrong tokens or passwords of one address a few are checked,
// and none starts a process. A neighbour comes in, and so does at the same address whoever
// shows what is known to be right.
func TestLoginFlood(t *testing.T) {
	for name, kind := range map[string]struct{ flag, file, right, wrong string }{
		"tokens": {"--tokenfile=", "ada:0123456789abcdef0123456789abcdef\n",
			"Bearer 0123456789abcdef0123456789abcdef", "Bearer 0123456789abcdef0123456789abcdee"},
		"passwords": {"--authfile=", "ada:$2a$10$zQfuc0XFS9iOsoqnuYHNeeecYyKNUpJcIJGjBjuaSjoMkohMfbwaa\n",
			"Basic " + base64.StdEncoding.EncodeToString([]byte("ada:right")), "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:wrong"))},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file")
			harness.WriteFile(t, file, kind.file, 0o600)
			s, starts := floodServer(t, kind.flag+file)
			right, wrong := harness.Handshake("/").Add("Authorization", kind.right), harness.Handshake("/").Add("Authorization", kind.wrong)
			comeIn := func() {
				c := s.Open(t, right)
				c.Echo(t, "hello")
				c.Close()
			}
			comeIn()
			f := startFlood(t, s, wrong)
			serveMeanwhile(t, s, right, f.over)
			took := time.Since(f.began)
			harness.Measured(t, "%d logins in %s: %s", floodSize, took.Round(time.Millisecond), f.came())
			if n := f.of(401, 429, 503); n != floodSize {
				t.Errorf("%d of %d were told what is wrong", n, floodSize)
			}
			if n, may := f.of(401), 10+int(took.Seconds()/5)+1; n > may {
				t.Errorf("%d were checked, no more than %d should be", n, may)
			}
			comeIn()
			if n := starts("127.0.0.1"); n != 2 {
				t.Errorf("%d processes were started for the address of the flood", n)
			}
			checkMemory(t, s, 128*mib)
			servedAgain(t, s, wrong, 401)
		})
	}
}

// TestSlowloris: thousands of clients that never finish a request, and send a byte now and
// then, are left after ten seconds; a neighbour is served.
func TestSlowloris(t *testing.T) {
	const slow = 4000
	s, _ := floodServer(t)
	conns := make([]net.Conn, slow)
	for i := range conns {
		c, err := net.Dial("tcp", s.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "))
		conns[i] = c
	}
	began, over := time.Now(), make(chan struct{})
	t.Cleanup(func() { <-over })
	go func() {
		defer close(over)
		pace := time.NewTicker(100 * time.Millisecond)
		defer pace.Stop()
		for ; len(conns) > 0; <-pace.C {
			conns = slices.DeleteFunc(conns, func(c net.Conn) bool {
				_, err := c.Write([]byte("x"))
				return err != nil
			})
		}
	}()
	most := serveMeanwhile(t, s, harness.Handshake("/"), over)
	harness.Measured(t, "%d connections that never finish a request were left after %s; %d processes at most", slow, time.Since(began).Round(time.Millisecond), most)
	if most > 5 {
		t.Errorf("%d processes", most)
	}
	checkMemory(t, s, 256*mib)
	servedAgain(t, s, harness.Handshake("/"), 101)
}
