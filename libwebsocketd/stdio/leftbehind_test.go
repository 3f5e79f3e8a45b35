//go:build unix

package stdio

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"websocketd/libwebsocketd/bridge"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestLeftBehind: what the program itself wrote before its exit is always
// delivered whole. Background children that hold its output open are given a
// moment of quiet, and are cut short if they go on talking.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup // at once, because each of them only waits
	for _, test := range []struct {
		name, script string
		first, last  string // lines; "" is any
		count        int    // of lines; 0 is any
		least, limit time.Duration
	}{
		{"silent", "echo one; sleep 600 & printf two; exit 3", "one", "two", 2, drainIdle, testkit.Patience},
		{"late", "(sleep 0.05; echo late) & echo one; exit 3", "one", "late", 2, 0, testkit.Patience},
		{"late, then silent", "(sleep 0.05; echo late; exec sleep 600) & echo one; exit 3", "one", "late", 2, drainIdle, testkit.Patience},
		{"loud", "echo one; yes & exit 3", "one", "", 0, drainIdle, testkit.Patience},
		{"chatty", "echo one; (while :; do echo chat; sleep 0.05; done) & exit 3", "one", "", 0, drainIdle, 4 * drainMax},
		{"full pipe", "head -c 60000 /dev/zero | tr '\\0' '\\n'; sleep 600 & printf end; exit 3", "", "end", 60001, drainIdle, testkit.Patience},
	} {
		p := start(t, Options{}, test.script)
		all.Go(func() {
			defer p.Close()
			if test.name == "full pipe" {
				<-p.proc.Exited()
				<-time.After(2 * drainIdle) // a client that takes nothing meanwhile
			}
			said := p.mustEndBy(t, test.name, test.least, test.limit)
			n := len(said)
			if n == 0 || test.count > 0 && n != test.count || said[0] != test.first || test.last != "" && said[n-1] != test.last {
				t.Errorf("%s: it said %d lines: %.100s", test.name, n, strings.Join(said, "|"))
			}
		})
	}
	all.Wait()
}

// mustEndBy receives to the end, which must be that of the program itself, and
// come neither sooner than least nor later than limit.
func (p *program) mustEndBy(t *testing.T, name string, least, limit time.Duration) (said []string) {
	began := time.Now()
	done := make(chan error, 1)
	go func() {
		var err error
		said, err = p.all(t, bridge.Text)
		done <- err
	}()
	select {
	case err := <-done:
		var ended *bridge.EndedError
		if !errors.As(err, &ended) || ended.Code != 3 {
			t.Errorf("%s: it ends with %v", name, err)
		}
		if took := time.Since(began); took < least {
			t.Errorf("%s: those left behind had only %s", name, took)
		}
	case <-time.After(limit):
		t.Errorf("%s: those left behind hold the conversation for more than %s", name, limit)
		p.proc.Reap() // ends them
		<-done
	}
	return said
}

// TestChattyStderrLeftBehind holds up Close no longer than that.
func TestChattyStderrLeftBehind(t *testing.T) {
	t.Parallel()
	p := start(t, Options{}, "(exec >&-; while :; do echo chat >&2; sleep 0.05; done) & exit 3")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-p.proc.Exited()
		p.Close() // Receive was not called
	}()
	select {
	case <-closed:
	case <-time.After(4 * drainMax):
		t.Errorf("those left behind hold Close for more than %s", 4*drainMax)
		p.proc.Reap()
		<-closed
	}
}
