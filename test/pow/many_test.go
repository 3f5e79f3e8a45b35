package pow

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"websocketd/test/harness"
)

// A thousand calls at once, one for each place of --maxforks, end in every way there is, and
// leave nothing.
func TestThousandCalls(t *testing.T) {
	t.Parallel()
	const n = 1000
	s := serve(t, shell("waits", `echo up; exec cat`)+deaf, "--maxforks="+strconv.Itoa(n), "--pingms=0") // until all have called, they read nothing
	before := harness.Descriptors(t, s.PID)
	calls := make([]*call, n)
	few(16, n, func(i int) {
		name := "waits"
		switch {
		case i%20 == 0:
			name = "family"
		case i%4 == 1:
			name = "sleeps"
		}
		calls[i] = beginWhenFree(t, s, name)
	})
	if t.Failed() {
		return
	}
	begin(t, s, "waits").wants(t, "", tooMany)
	few(64, n, func(i int) {
		if err := finish(t, i, calls[i]); err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	})
	harness.NoSurvivors(t, s)
	harness.Until(t, "nothing is held", func() bool { return harness.Descriptors(t, s.PID) <= before+5 })
	few(16, 50, func(int) {
		c := beginWhenFree(t, s, "waits")
		c.control(t, signalClose)
		c.wants(t, "", null)
	})
}

// finish ends call i in one of the ways.
func finish(t *testing.T, i int, c *call) error {
	want := ""
	switch i % 9 {
	case 0, 4, 8: // of these some never read
		c.control(t, signalCancel)
		want = beginning(canceled)
	case 1:
		c.control(t, "nonsense")
		want = beginning("protocol error occurred")
	case 2:
		c.control(t, signalCancel)
		c.control(t, signalCancel) // at the end of its input it may end well, before the signal comes
	default:
		leavings[[]string{"close", "reset", "half close", "close frame"}[i%4]](t, c)
		return nil
	}
	o := c.rest(t)
	if !strings.HasPrefix(o.result, want) || o.late > 0 || o.end != (harness.Closed{Code: 1000}) {
		return fmt.Errorf("%+v", o)
	}
	return nil
}

// beginning returns how the result of a failed process begins.
func beginning(reason string) string { return strings.TrimSuffix(failed(reason), `"}`) }

// few calls f for 0 to n-1, most at a time.
func few(most, n int, f func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range most {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	all.Wait()
}

// amount returns how many calls TestResultIsLast counts.
func amount(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("CALLS"))
	switch {
	case os.Getenv("CALLS") == "":
		return 1000
	case err != nil || n < 1:
		t.Fatalf("CALLS=%s is no number of calls", os.Getenv("CALLS"))
	}
	return n
}

// The result is the last message of every call, after all of its output, while others are cut
// off. A call that is cut has its result as the last message, or none, and then no good end.
func TestResultIsLast(t *testing.T) {
	t.Parallel()
	s := serve(t, cat+shell("lines", `seq 1 "$1"; [ "$2" = 0 ] || exit "$2"`)+shell("killed", `seq 1 "$1"; kill -TERM $$`), "--pingms=1000")
	n := amount(t)
	over := make(chan struct{})
	var cutting sync.WaitGroup
	var struck atomic.Int64
	for i := range 4 {
		cutting.Go(func() {
			proxy := harness.NewProxy(t, s.Addr)
			through := *s
			through.Addr = proxy.Addr
			random := rand.New(rand.NewPCG(uint64(i), 11))
			for !isOver(over) {
				cut(t, &through, proxy, random)
			}
			struck.Add(int64(proxy.Struck()))
		})
	}
	few(12, n, func(i int) {
		j := jobs[i%len(jobs)]
		for again := true; again; {
			c := open(t, s)
			c.WriteFrames(j.frames()...)
			output, result := c.ends(t)
			again = result == timedOut // the machine has kept us from calling within a second
			if want, ended := j.output(), j.result; !again && (output != want || result != ended) {
				t.Errorf("call %d: %d of %d bytes, %s", i, len(output), len(want), result)
			}
		}
	})
	close(over)
	cutting.Wait()
	t.Logf("%d calls, %d others cut or held up", n, struck.Load())
	harness.NoSurvivors(t, s)
}

func isOver(over <-chan struct{}) bool {
	select {
	case <-over:
		return true
	default:
		return false
	}
}

// job is a call whose output is known: the numbers to lines, or what is sent to cat.
type job struct {
	name, status, result string
	lines                int
}

var jobs = []job{
	{"lines", "0", null, 0},
	{"lines", "0", null, 1},
	{"lines", "7", failed("exit status 7"), 20},
	{"killed", "", failed("signal: SIGTERM"), 300},
	{"cat", "", null, 50},
	{"lines", "1", failed("exit status 1"), 5000},
	{"cat", "", null, 0},
}

// output returns what the process prints.
func (j job) output() string {
	var b strings.Builder
	for i := range j.lines {
		fmt.Fprintln(&b, i+1)
	}
	return b.String()
}

// frames returns what the client sends.
func (j job) frames() (frames []harness.Frame) {
	if j.name != "cat" {
		return []harness.Frame{{Fin: true, Op: harness.BinaryOp, Payload: []byte(message(j.name, strconv.Itoa(j.lines), j.status))}}
	}
	frames = []harness.Frame{{Fin: true, Op: harness.BinaryOp, Payload: []byte(message("cat"))}}
	for line := range strings.Lines(j.output()) {
		frames = append(frames, harness.Frame{Fin: true, Op: harness.TextOp, Payload: []byte(line)})
	}
	return append(frames, harness.Frame{Fin: true, Op: harness.BinaryOp, Payload: []byte(signalClose)})
}

// cut makes a call through a proxy that cuts it, or holds it up, in the midst of what goes to
// the client: also in the handshake, the result, or the close frame.
func cut(t *testing.T, through *harness.Server, proxy *harness.Proxy, random *rand.Rand) {
	j := jobs[random.IntN(len(jobs))]
	faults := []harness.Fault{harness.Reset, harness.EndToClient, harness.EndToServer, harness.Stall(time.Duration(random.IntN(50)) * time.Millisecond)}
	fault, at := faults[random.IntN(len(faults))], random.IntN(len(j.output())+400)
	proxy.After(at, fault)
	failure := harness.RunProbe("cut", func(t harness.T) {
		c := &call{through.Dial(t)}
		c.Send(t, offering("/pow/").String())
		if c.ReadResponse() == nil && c.WriteFrames(j.frames()...) == nil {
			c.check(t, j)
		}
	})
	if failure != nil {
		t.Errorf("%s at %d of %+v: %v", fault.Name, at, j, failure)
	}
}

// check reads to the end of a call that may be cut.
func (c *call) check(t harness.T, j job) {
	output, result := "", ""
	for {
		m, err := c.Receive()
		var end harness.Closed
		switch {
		case errors.As(err, &end) && end.Code == 1000 && (result == "" || end.Reason != ""):
			t.Fatalf("%v after %d bytes and %q", end, len(output), result)
		case err != nil:
			return
		case result != "":
			t.Fatalf("%q comes after the result %s", m.Data, result)
		case m.Op == harness.BinaryOp:
			if result = string(m.Data); result == j.result && output != j.output() {
				t.Fatalf("%d of %d bytes before %s", len(output), len(j.output()), result)
			}
		default:
			if output += string(m.Data); !strings.HasPrefix(j.output(), output) {
				t.Fatalf("%.80q is no beginning of the output", output)
			}
		}
	}
}
