package client

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// eventually waits for a condition.
func eventually(t *testing.T, what string, come func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !come() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// told is what callbacks were told, in words.
type told struct {
	mu    sync.Mutex
	words []string
}

func (l *told) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.words = append(l.words, fmt.Sprintf(format, args...))
}

// took returns what was told since the last call.
func (l *told) took() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := strings.Join(l.words, ", ")
	l.words = nil
	return all
}

// said returns what was told since the last call of took.
func (l *told) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.words, ", ")
}

// quick returns options that do not wait, and what their callbacks are told.
func quick() (*Options, *told) {
	l := &told{}
	return &Options{
		FirstDelay: time.Millisecond, MostDelay: 4 * time.Millisecond,
		Opened: func(o Opened) {
			if o.Resumed {
				l.add("resumed by %s", o.Via)
			} else {
				l.add("opened by %s", o.Via)
			}
		},
		Missed: func(m Missed) {
			if m.Unknown {
				l.add("missed some")
			} else {
				l.add("missed %d", m.Count)
			}
		},
		Lost:    func(reason error, _ time.Duration) { l.add("lost: %v", reason) },
		NotSent: func(m Message, err error) { l.add("%s: %v", m.Data, err) },
	}, l
}

// dial connects, and closes at the end of the test.
func dial(t *testing.T, address string, o *Options) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// expect reads messages, which are numbered from a number on; 0 is no number.
func expect(t *testing.T, c *Conn, number uint64, messages ...string) {
	t.Helper()
	for _, want := range messages {
		m, err := c.Read(t.Context())
		if err != nil || string(m.Data) != want || m.Number != number {
			t.Fatalf("%q with number %d, %v; want %q with %d", m.Data, m.Number, err, want, number)
		}
		if number > 0 {
			number++
		}
	}
}

// ends demands an end.
func ends(t *testing.T, c *Conn, want string) error {
	t.Helper()
	m, err := c.Read(t.Context())
	if err == nil || err.Error() != want {
		t.Fatalf("%q, %v; want the end %q", m.Data, err, want)
	}
	if cause := context.Cause(c.Context()); cause != err {
		t.Errorf("the context says %v", cause)
	}
	return err
}
