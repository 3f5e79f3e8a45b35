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
// moment of quiet, and are cut short if they go on talking. On stderr they hold up Close
// no longer than that.
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
		{"loud", "echo one; yes \"$(printf %01000d 0)\" & exit 3", "one", "", 0, drainMax, testkit.Patience},
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
	p := start(t, Options{}, "(exec >&-; while :; do echo chat >&2; sleep 0.05; done) & exit 3")
	all.Go(func() { p.mustCloseBy(t, 4*drainMax) })
	all.Wait()
}

// mustEndBy receives to the end, which must be that of the program itself. It must not
// come later than limit, nor sooner than least, unless there was too much.
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
		size := len(strings.Join(said, "\n")) + 1
		if took := time.Since(began); took < least && size < drainMaxBytes {
			t.Errorf("%s: those left behind had only %s and %d bytes", name, took, size)
		}
	case <-time.After(limit):
		t.Errorf("%s: those left behind hold the conversation for more than %s", name, limit)
		p.proc.Reap() // ends them
		<-done
	}
	return said
}

// mustCloseBy waits for the exit, and closes without having received anything.
func (p *program) mustCloseBy(t *testing.T, limit time.Duration) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-p.proc.Exited()
		p.Close()
	}()
	select {
	case <-closed:
	case <-time.After(limit):
		t.Errorf("those left behind hold Close for more than %s", limit)
		p.proc.Reap()
		<-closed
	}
}
