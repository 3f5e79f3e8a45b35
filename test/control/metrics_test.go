package control

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"websocketd/test/harness"
)

// programs are those of the tests of metrics.
const programs = `
[program.cat]
command = ["cat"]

[program.three]
command = ["sh", "-c", "echo a; echo bb; exit 3"]

[program.killed]
command = ["sh", "-c", "kill -9 $$"]

[program.one]
command = ["cat"]
maxforks = 1
`

// Metrics say what a known conversation has done: while it runs, and when it is over. How it
// ended is told by the close code, or by the program's ending.
func TestMetricsCount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	harness.WriteFile(t, filepath.Join(dir, "x.toml"), programs, 0o600)
	s := operate(t, harness.Options{Dir: dir, Args: []string{"--config=x.toml"}})
	c := s.ConnectTo(t, "/cat")
	for range 3 {
		c.Echo(t, "hello")
	}
	for _, way := range []string{"in", "out"} {
		s.awaits(t, 3, "messages_total", "program=cat", "direction="+way)
		s.awaits(t, 15, "message_bytes_total", "program=cat", "direction="+way)
	}
	s.awaits(t, 1, "connections", "program=cat")
	s.awaits(t, 1, "processes", "program=cat")
	now := s.scrape(t)
	if n := now.of("connections_total"); n != 1 {
		t.Errorf("%v connections", n)
	}
	if n := now.of("output_latency_seconds", "program=cat"); n < 1 || n > 3 {
		t.Errorf("%v batches were measured", n)
	}
	c.Leave(t)
	s.ConnectTo(t, "/cat").Reset()
	s.ConnectTo(t, "/three").Ends(t, 4003, "")
	s.ConnectTo(t, "/killed").Ends(t, 4137, "")
	one := s.ConnectTo(t, "/one")
	for range 2 {
		if status := s.Ask(t, harness.Handshake("/one")).Status(); status != 429 {
			t.Errorf("status %d, not 429", status)
		}
	}
	if status := s.Ask(t, harness.Handshake("/none")).Status(); status != 404 {
		t.Errorf("status %d, not 404", status)
	}
	one.SendClose(4321, "")
	for _, want := range []struct {
		value  float64
		name   string
		labels []string
	}{
		{1, "endings_total", []string{"program=cat", "code=1000"}},
		{1, "endings_total", []string{"program=cat", "code=1006"}},
		{1, "endings_total", []string{"program=three", "code=exit_status"}},
		{1, "endings_total", []string{"program=killed", "code=signal"}},
		{1, "endings_total", []string{"program=one", "code=private"}},
		{5, "endings_total", nil},
		{2, "messages_total", []string{"program=three", "direction=out"}},
		{3, "message_bytes_total", []string{"program=three", "direction=out"}},
		{2, "forks_refused_total", []string{"program=one"}},
		{2, "requests_refused_total", []string{"status=429"}},
		{1, "requests_refused_total", []string{"status=404"}},
		{0, "connections", nil},
		{0, "processes", nil},
		{5, "processes_started_total", nil},
		{5, "connections_total", nil},
		{3, "messages_total", []string{"program=cat", "direction=in"}},
	} {
		s.awaits(t, want.value, want.name, want.labels...)
	}
}

// rushing is flags and the command of a program that writes more than the systems on both sides
// and --history keep.
func rushing(t *testing.T, slow string) []string {
	return []string{"--shared", "--pingms=0", "--history=256K", "--slowclient=" + slow,
		harness.Child(t), "count", "-total=30000", "-batch=10", "-every=1ms", "-pad=240", "-stay"}
}

// beside has a viewer that reads everything, beside one that reads nothing meanwhile.
func beside(t *testing.T, s *operated) (slow *harness.Conn) {
	t.Helper()
	reads, slow := s.Connect(t), s.Connect(t)
	reads.Text("go")
	for {
		m, err := reads.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(m.Data), "30000 ") {
			return slow
		}
	}
}

// A slow viewer that is let go is counted, by its code and as one that was too slow.
func TestMetricsOfSlowViewer(t *testing.T) {
	t.Parallel()
	s := operate(t, harness.Options{Args: rushing(t, "close")})
	beside(t, s).Ends(t, 1013, "")
	s.awaits(t, 1, "endings_total", "program=child", "code=1013")
	s.awaits(t, 1, "slow_clients_closed_total", "program=child")
}

// What a slow viewer was told that it misses is counted.
func TestMetricsOfMissedMessages(t *testing.T) {
	t.Parallel()
	s := operate(t, harness.Options{Args: rushing(t, "drop")})
	slow := beside(t, s)
	dropped, last := 0, ""
	for !strings.HasPrefix(last, "30000 ") {
		m, err := slow.Receive()
		if err != nil {
			t.Fatal(err)
		}
		last = string(m.Data)
		n := 0
		fmt.Sscanf(last, "[websocketd: %d messages dropped]", &n)
		dropped += n
	}
	if dropped == 0 {
		t.Fatal("nothing was dropped")
	}
	s.awaits(t, float64(dropped), "missed_messages_total", "program=child")
}

// No total falls, and no series goes away, while conversations begin and end; and at every
// moment each conversation either runs or has ended.
func TestTotalsNeverFall(t *testing.T) {
	t.Parallel()
	s := operate(t, harness.Options{Args: []string{"sh", "-c", "echo a; echo b; read x; echo $x"}})
	var running sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		running.Go(func() { churn(t, s, i, stop) })
	}
	defer running.Wait()
	defer close(stop)
	var before metrics
	for range 200 {
		now := s.scrape(t)
		if began, open, ended := now.of("connections_total"), now.of("connections"), now.of("endings_total"); began != open+ended {
			t.Fatalf("%v began, %v run, %v have ended", began, open, ended)
		}
		notBelow(t, now, before)
		before = now
	}
	harness.Until(t, "conversations have ended in both ways", func() bool {
		now := s.scrape(t)
		return now.of("endings_total", "code=1000") > 0 && now.of("endings_total", "code=1006") > 0
	})
}

// churn has one conversation after the other, until stop is closed. They end in two ways.
func churn(t *testing.T, s *operated, way int, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		c := s.Connect(t)
		c.Expect(t, "a", "b")
		if way%2 == 0 {
			c.Reset()
			continue
		}
		c.Text("x")
		c.Ends(t, 1000, "")
	}
}

// notBelow demands that no total has fallen since before.
func notBelow(t *testing.T, now, before metrics) {
	t.Helper()
	values := map[string]float64{}
	now.each(func(series string, value float64) { values[series] = value })
	before.each(func(series string, value float64) {
		name, _, _ := strings.Cut(series, " ")
		total := strings.HasSuffix(name, "_total") || name == "websocketd_output_latency_seconds"
		if n, ok := values[series]; total && (!ok || n < value) {
			t.Fatalf("%s was %v, and is %v (there: %v)", series, value, n, ok)
		}
	})
}
