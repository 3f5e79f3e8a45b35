package shared

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"websocketd/test/harness"
)

// viewer is a client of a program that counts. What it gets must be consecutive,
// and where it is not, the server must have said how much is missing.
type viewer struct {
	*harness.Conn
	had  atomic.Int64  // the last number
	done chan struct{} // closed when the rest is settled

	first, last int
	pid         int
	dropped     int // as it was told
	gaps        int
	end         harness.Closed
	err         error // what was wrong
}

// join makes a viewer that reads.
func join(t *testing.T, s *harness.Server) *viewer {
	t.Helper()
	v := stall(t, s)
	go v.read()
	return v
}

// stall makes a viewer that does not read before read is called. The systems on
// both sides take up to some 4 MiB for it.
func stall(t *testing.T, s *harness.Server) *viewer {
	t.Helper()
	return &viewer{Conn: s.Connect(t), done: make(chan struct{})}
}

func joinAll(t *testing.T, s *harness.Server, n int) (all []*viewer) {
	t.Helper()
	for range n {
		all = append(all, join(t, s))
	}
	return all
}

// read takes messages to the end of the connection.
func (v *viewer) read() {
	defer close(v.done)
	err := v.Skim(v.take)
	if !errors.As(err, &v.end) {
		v.err = err
	}
}

func (v *viewer) take(data []byte) error {
	if bytes.HasPrefix(data, []byte("[websocketd: ")) {
		return v.note(string(data))
	}
	number, rest, _ := bytes.Cut(data, []byte(" "))
	n, err := strconv.Atoi(string(number))
	if err != nil {
		return fmt.Errorf("no number in %.60q", data)
	}
	pid, _, _ := bytes.Cut(rest, []byte(" "))
	who, _ := strconv.Atoi(string(pid))
	if v.first == 0 {
		v.first, v.last, v.pid = n, n-1, who
	}
	if n != v.last+1 || who != v.pid {
		return fmt.Errorf("message %d of process %d behind %d of process %d", n, who, v.last, v.pid)
	}
	v.last = n
	v.had.Store(int64(n))
	return nil
}

// note is told how many messages are missing here.
func (v *viewer) note(text string) error {
	var n int
	if _, err := fmt.Sscanf(text, "[websocketd: %d messages dropped]", &n); err != nil || n <= 0 {
		return fmt.Errorf("unexpected note %q", text)
	}
	v.gaps++
	v.dropped += n
	v.last += n
	return nil
}

// reaches waits until the viewer has had message n.
func (v *viewer) reaches(t *testing.T, n int) {
	t.Helper()
	harness.Reaches(t, "the messages of a viewer", n, func() int {
		had := int(v.had.Load())
		select {
		case <-v.done:
			if had < n {
				t.Fatalf("a viewer had %d messages: %v %v", had, v.end, v.err)
			}
		default:
		}
		return had
	})
}

// hasAll demands that the viewer has had from..to without a gap, and heard code.
func (v *viewer) hasAll(t *testing.T, from, to, code int) {
	t.Helper()
	<-v.done
	if v.err != nil || v.first != from || v.last != to || v.gaps > 0 || v.end.Code != code {
		t.Errorf("a viewer had %d..%d of %d..%d with %d gaps, and then %v %v", v.first, v.last, from, to, v.gaps, v.end, v.err)
	}
}

func allHaveAll(t *testing.T, all []*viewer, from, to, code int) {
	t.Helper()
	for _, v := range all {
		v.hasAll(t, from, to, code)
	}
}
