package manager

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/test/harness"
)

// viewer follows the numbered messages of `child count` through reloads.
type viewer struct {
	conn   *harness.Conn
	took   atomic.Int64 // messages
	worst  int64        // nanoseconds between two messages; read when it has ended
	before time.Time
	after  int64 // how many messages of the last process are enough

	pid, number int
	noted       bool
	ended       bool  // the process has said that this is its last message
	lasts       []int // the last message of each process
}

var errEnough = errors.New("enough")

// take looks at one message.
func (v *viewer) take(data []byte) error {
	if strings.HasPrefix(string(data), "[websocketd: restarted after ") {
		if v.noted || !v.ended {
			return fmt.Errorf("%s comes after message %d of %d, noted: %v, the last: %v", data, v.number, v.pid, v.noted, v.ended)
		}
		v.noted, v.lasts, v.number = true, append(v.lasts, v.number), 0
		return nil
	}
	var number, pid int
	if _, err := fmt.Sscanf(string(data), "%d %d", &number, &pid); err != nil {
		return fmt.Errorf("%v: %q", err, data)
	}
	switch {
	case v.pid == 0, pid == v.pid && !v.noted && number == v.number+1, pid != v.pid && v.noted && number == 1:
	default:
		return fmt.Errorf("%q comes after message %d of %d, noted: %v", data, v.number, v.pid, v.noted)
	}
	v.pid, v.number, v.noted, v.ended = pid, number, false, strings.HasSuffix(string(data), " last")
	now := time.Now()
	if !v.before.IsZero() {
		v.worst = max(v.worst, int64(now.Sub(v.before)))
	}
	v.before = now
	if v.took.Add(1); v.after > 0 && int64(number) >= v.after {
		return errEnough
	}
	return nil
}

// counting is the settings of a program that prints ten lines each millisecond, once it has passed a
// gate.
func counting(t *testing.T, gate, settings string) string {
	return fmt.Sprintf(`[program.count]
		command = ["/bin/sh", "-c", %q]
		lifetime = "supervised"
		slowclient = "block"
		kill_timeout = "5m"
		%s
	`, fmt.Sprintf("%s exec %s count -now -term -batch=10 -every=1ms", gate, harness.Child(t)), settings)
}

// TestReload: three reloads under 10,000 lines a second and 50 viewers. Of each process each viewer
// has every line once and in order, to the very last, and a note between two processes.
func TestReload(t *testing.T) {
	t.Parallel()
	const count, reloads, each = 50, 3, 5000
	s := manage(t, counting(t, "", `min_uptime = 300`))
	s.awaitOnline(t, "count")
	began := time.Now()
	viewers := make([]*viewer, count)
	var watching sync.WaitGroup
	var last atomic.Bool // the last reload is done
	for n := range viewers {
		v := &viewer{conn: s.ConnectTo(t, "/count")}
		viewers[n] = v
		watching.Go(func() {
			err := v.conn.Skim(func(data []byte) error {
				err := v.take(data)
				if err == nil && last.Load() && len(v.lasts) == reloads && v.number >= each {
					err = errEnough
				}
				return err
			})
			if err != errEnough {
				t.Errorf("viewer %d: %v", n, err)
			}
			v.conn.Close() // the others are not to wait for it
		})
	}
	for range reloads {
		from := viewers[0].took.Load()
		harness.Reaches(t, "messages before a reload", int(from)+each, func() int { return int(viewers[0].took.Load()) })
		s.must(t, "reload", "count")
	}
	last.Store(true)
	watching.Wait()
	worst := int64(0)
	for n, v := range viewers {
		if fmt.Sprint(v.lasts) != fmt.Sprint(viewers[0].lasts) {
			t.Errorf("viewer %d has of each process the messages up to %v, the first one up to %v", n, v.lasts, viewers[0].lasts)
		}
		worst = max(worst, v.worst)
	}
	if about := s.info(t, "count").Data; about.Restarts != reloads || about.Pid != viewers[0].pid {
		t.Errorf("%+v, and the last message is from %d", about, viewers[0].pid)
	}
	harness.Measured(t, "%d viewers, %d reloads: %.0f lines/s to each, no viewer without a line for more than %v", count, reloads,
		float64(viewers[0].took.Load())/time.Since(began).Seconds(), time.Duration(worst).Round(time.Millisecond))
}

// TestReloadNeverReady: the next process never becomes ready. The reload fails with the reason, and
// viewers see nothing of it.
func TestReloadNeverReady(t *testing.T) {
	t.Parallel()
	first := filepath.Join(t.TempDir(), "first")
	gate := fmt.Sprintf("if test -e %s; then echo nothing of this is seen; exec sleep 600; fi; echo 0 $$ up;", first)
	s := manage(t, counting(t, gate, `ready = { line = "up", timeout = "3s" }`))
	before := s.awaitOnline(t, "count").Data
	harness.WriteFile(t, first, "", 0o600)
	v := &viewer{conn: s.ConnectTo(t, "/count")}
	ended := make(chan error)
	go func() { ended <- v.conn.Skim(v.take) }()
	m := s.command(t, "reload", "count")
	if m.Type != "error" || !strings.Contains(m.Data.Message, "goes on as before") || !strings.Contains(m.Data.Message, "it was not ready within 3s") {
		t.Errorf("%s %s", m.Type, m.Data.Message)
	}
	at := v.took.Load()
	harness.Reaches(t, "messages after the reload", int(at)+1000, func() int { return int(v.took.Load()) })
	if about := s.info(t, "count").Data; about.Pid != before.Pid || about.Restarts != before.Restarts || about.Status != "online" {
		t.Errorf("%+v after %+v", about, before)
	}
	s.must(t, "stop", "count")
	var closed harness.Closed
	if err := <-ended; !errors.As(err, &closed) || !v.ended {
		t.Errorf("%v, the last message: %v", err, v.ended)
	}
	if len(v.lasts) > 0 {
		t.Errorf("there was a note")
	}
}

// TestReloadSlow: a reload while viewers take nothing, and the process waits for them, loses nothing
// either: it is done when they go on.
func TestReloadSlow(t *testing.T) {
	t.Parallel()
	watched := filepath.Join(t.TempDir(), "watched") // it writes nothing before: what is written without viewers is not kept for them
	s := manage(t, counting(t, fmt.Sprintf("until test -e %s; do sleep 0.02; done;", watched), "min_uptime = 100\nhistory = \"64K\""))
	before := s.awaitOnline(t, "count").Data
	viewers := make([]*viewer, 5)
	for n := range viewers {
		viewers[n] = &viewer{conn: s.ConnectTo(t, "/count"), after: 3000}
	}
	harness.WriteFile(t, watched, "", 0o600)
	harness.Until(t, "the program waits for them", func() bool { return harness.Blocked(before.Pid) })
	done := make(chan message)
	o := s.connect(t, "process_status")
	go func() { done <- s.command(t, "reload", "count") }()
	o.until("restarting after online")
	var watching sync.WaitGroup
	for n, v := range viewers {
		watching.Go(func() {
			first := true
			err := v.conn.Skim(func(data []byte) error {
				err := v.take(data)
				if err == errEnough && len(v.lasts) == 0 {
					err = nil // of the first process there may be more
				}
				if first && v.number != 1 {
					err = fmt.Errorf("it begins with %s", data)
				}
				first = false
				return err
			})
			if err != errEnough {
				t.Errorf("viewer %d: %v", n, err)
			}
			v.conn.Close()
		})
	}
	if m := <-done; m.Type != "command_result" {
		t.Errorf("%s", m)
	}
	watching.Wait()
	for _, v := range viewers[1:] {
		if fmt.Sprint(v.lasts) != fmt.Sprint(viewers[0].lasts) || v.pid == before.Pid {
			t.Errorf("messages up to %v and up to %v", v.lasts, viewers[0].lasts)
		}
	}
}
