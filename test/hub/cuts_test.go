package hub

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"websocketd/test/harness"
)

// mostSilence is how long a subscriber waits for anything to come. Some of the lines that it
// misses meanwhile are no longer kept then.
const mostSilence = 600 * time.Millisecond

// ledger demands of a subscriber that comes back again and again that nothing comes twice, that
// nothing is missing between what comes, unless the hub has said so, and that what the hub says
// is right.
type ledger struct {
	epoch  string
	last   uint64
	asked  bool // the hub has not answered the subscription yet
	own    bool // the position that was asked for is where the subscriber is
	gap    bool // something was missing before the answer
	counts map[string]int
}

// connected is told of each connection, and the position that is asked for.
func (l *ledger) connected(after string) {
	l.asked, l.gap = true, false
	if l.own = after == l.position(); !l.own {
		l.last = 0 // all that is kept comes, had before or not
	}
}

// position returns where the subscriber is.
func (l *ledger) position() string { return fmt.Sprintf("%s:%d", l.epoch, l.last) }

// take is told of each message.
func (l *ledger) take(m *message) error {
	if m.Epoch == "" || l.epoch != "" && m.Epoch != l.epoch {
		return fmt.Errorf("%+v after epoch %s", m, l.epoch)
	}
	l.epoch = m.Epoch
	if m.Type == "subscribed" {
		return l.answered(m)
	}
	switch {
	case m.Seq <= l.last:
		return fmt.Errorf("%d comes again after %d", m.Seq, l.last)
	case m.Seq > l.last+1 && !l.asked:
		return fmt.Errorf("%d comes after %d", m.Seq, l.last)
	}
	l.gap = l.gap || m.Seq > l.last+1
	l.last = m.Seq
	if line := string(m.Data); m.Type == "process_output" && !strings.HasPrefix(line, fmt.Sprintf(`"%d `, m.Seq-1)) {
		return fmt.Errorf("message %d is %s", m.Seq, line)
	}
	return nil
}

// answered is told of the answer to a subscription: it comes after all that there was.
func (l *ledger) answered(m *message) error {
	missing := l.gap || l.last != m.Seq
	if !l.asked || m.Recovered == nil || *m.Recovered != (l.own && !missing) || l.last > m.Seq {
		return fmt.Errorf("the answer %+v (recovered %v) at %d, with something missing: %v, from where it was: %v", m, *m.Recovered, l.last, missing, l.own)
	}
	l.asked, l.last = false, m.Seq
	l.counts[fmt.Sprintf("own %v, recovered %v", l.own, *m.Recovered)]++
	return nil
}

// cutter lets one fault after another happen to a subscriber's connections.
type cutter struct {
	random *rand.Rand
	proxy  *harness.Proxy
	left   int
	stop   func() // ends the program, when all have struck
}

// passed is told that something has come.
func (c *cutter) passed() {
	switch {
	case !c.proxy.Recovered():
	case c.left > 0:
		c.left--
		faults := []harness.Fault{harness.Reset, harness.EndToClient, harness.EndToServer, harness.Blackhole,
			harness.Stall(time.Duration(c.random.Int64N(int64(mostSilence))))}
		c.proxy.After(c.random.IntN(10_000), faults[c.random.IntN(len(faults))])
	case c.stop != nil:
		c.stop()
		c.stop = nil
	}
}

// TestCuts: a subscriber that is cut off sixty times, and comes back with after, knows each time
// whether it has missed anything.
func TestCuts(t *testing.T) {
	t.Parallel()
	python, _ := harness.PythonWebsockets()
	for name, follow := range map[string]func(t *testing.T, address string, random *rand.Rand, l *ledger, k *cutter){
		"Go":                      followInGo,
		"Node with ws":            followIn("node:ws", "node", "testdata/follow.cjs", harness.ClientsDir()),
		"Python, with websockets": followIn("python3:websockets", python, "testdata/follow.py"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 60
			if text := os.Getenv("CUTS"); text != "" {
				n, _ = strconv.Atoi(text)
			}
			random := random(t)
			o := operate(t, "--shared", "--start=eager", "--history=32K", "--pingms=1000", harness.Child(t), "count", "-now", "-until", "-every=2ms", "-pad=20", "-status=3")
			proxy := harness.NewProxy(t, o.admin)
			l := &ledger{counts: map[string]int{}}
			follow(t, proxy.Addr, random, l, &cutter{random, proxy, n, func() { o.Open(t, harness.Handshake("/")).Text("stop") }})
			t.Logf("%d faults, %d messages; %v", proxy.Struck(), l.last, l.counts)
			if proxy.Struck() != n || l.counts["own true, recovered true"] == 0 || l.counts["own true, recovered false"] == 0 {
				t.Errorf("%d faults of %d; %v", proxy.Struck(), n, l.counts)
			}
		})
	}
}

// followInGo follows the process to its end. Some positions that it asks for are not those of the
// channel.
func followInGo(t *testing.T, address string, random *rand.Rand, l *ledger, k *cutter) {
	for {
		after := l.position()
		switch random.IntN(10) {
		case 0:
			after = fmt.Sprintf("another:%d", l.last)
		case 1:
			after = fmt.Sprintf("%s:%d", l.epoch, l.last+1<<40)
		}
		if l.epoch == "" {
			after = "none:0"
		}
		if followOnce(t, address, after, random, l, k) {
			return
		}
	}
}

// followOnce follows it over one connection, and reports whether that is the end.
func followOnce(t *testing.T, address, after string, random *rand.Rand, l *ledger, k *cutter) (over bool) {
	dialer := websocket.Dialer{HandshakeTimeout: mostSilence}
	c, _, err := dialer.DialContext(harness.Context(t), "ws://"+address+"/ws", nil)
	if err != nil {
		return false
	}
	defer c.Close()
	if c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"subscribe","data":"process:child","after":%q}`, after)) != nil {
		return false
	}
	l.connected(after)
	silence := mostSilence/6 + time.Duration(random.Int64N(int64(mostSilence)))
	for {
		c.SetReadDeadline(time.Now().Add(silence))
		_, data, err := c.ReadMessage()
		if err != nil {
			return false
		}
		if take(t, data, l, k) {
			return true
		}
	}
}

// take has a message taken, and reports whether it is the last one.
func take(t *testing.T, data []byte, l *ledger, k *cutter) (last bool) {
	t.Helper()
	m := new(message)
	if err := json.Unmarshal(data, m); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	if m.Connected != "" {
		l.connected(m.Connected)
		return false
	}
	if err := l.take(m); err != nil {
		t.Fatal(err)
	}
	k.passed()
	return m.Type == "process_status" && m.short(t) == "[exited 3]"
}

// followIn returns a function that follows the process to its end in a program which prints each
// message, and each position that it asks for.
func followIn(need string, command ...string) func(t *testing.T, address string, random *rand.Rand, l *ledger, k *cutter) {
	return func(t *testing.T, address string, _ *rand.Rand, l *ledger, k *cutter) {
		harness.Need(t, need)
		args := append(command[1:len(command):len(command)], "ws://"+address+"/ws", "process:child")
		cmd := exec.CommandContext(harness.Context(t), command[0], args...)
		stderr := &harness.Lines{}
		cmd.Stderr = stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if t.Failed() {
				cmd.Process.Kill()
				t.Log(stderr)
			}
			cmd.Wait()
		})
		over := false
		for lines := bufio.NewScanner(out); !over && lines.Scan(); {
			over = take(t, lines.Bytes(), l, k)
		}
		if !over {
			t.Errorf("%s has not come to the end", cmd)
		}
	}
}
