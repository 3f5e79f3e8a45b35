package session

import (
	"math/rand/v2"
	"testing"
	"time"

	"websocketd/test/harness"
)

// cutter lets one fault after another happen to a client's connections, as lines come.
type cutter struct {
	random *rand.Rand
	proxy  *harness.Proxy
	gap    int            // lines between two faults, on average
	left   int            // how many faults are to come
	counts map[string]int // of those that came, by name
	next   uint64         // the line to arm the next one at; 0 while the last one lasts
	lasts  int            // how many lines have come meanwhile
	over   bool           // all have come, and the last one was got over
	done   func() error   // is called then, and again while lines come and lossy is set
	lossy  bool           // what done says goes by the connection that is cut, and may be lost with it
	again  uint64         // the line to say it again at
}

// mostLasting is how many lines may come while a fault lasts: those that were on their way. If
// more come, the client was not cut off from what it reads.
const mostLasting = 20_000

// mostUnheard is how many lines may come after the client has asked for the end, until it asks again.
const mostUnheard = 2000

// passed is told that a line has come.
func (c *cutter) passed(line uint64) error {
	switch {
	case c.over && c.lossy && line >= c.again:
		c.again = line + mostUnheard
		return c.done()
	case c.over:
	case !c.proxy.Recovered() && c.lasts < mostLasting: // lines may come by a second connection, too
		c.next = 0
		c.lasts++
	case c.next == 0:
		c.lasts = 0
		c.next = line + 1 + c.random.Uint64N(2*uint64(c.gap))
	case line < c.next:
	case c.left > 0:
		f := c.fault()
		c.counts[f.Name]++
		c.left--
		c.proxy.After(c.random.IntN(1000), f) // within a line, too, or the head of an answer
	default:
		c.over, c.again = true, line+mostUnheard
		return c.done()
	}
	return nil
}

// fault chooses one of the four kinds.
func (c *cutter) fault() harness.Fault {
	switch c.random.IntN(4) {
	case 0:
		return harness.Reset
	case 1:
		// Some are shorter and some longer than server and client take for a live connection.
		return harness.Stall(time.Duration(c.random.Int64N(int64(giveUp + giveUp/4))))
	case 2:
		return []harness.Fault{harness.EndToClient, harness.EndToServer}[c.random.IntN(2)]
	default:
		return harness.Blackhole
	}
}

// modes are the ways to read, each of which goes on where another was.
var modes = map[string][]reader{
	"websocket": {overWebSocket},
	"events":    {overEvents},
	"polls":     {overPolls},
	"hopping":   {overWebSocket, overEvents, overPolls},
}

// A client that counts and comes back gets every line once and in order, whatever
// happens to its connections.
func TestCutShared(t *testing.T) {
	t.Parallel()
	for mode, readers := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t, harness.Binary(t), append([]string{"--shared", "--linger=10m", "--history=64M", "--pingms=200"}, counting(t)...)...)
			survive(t, newClient(t, s.Addr), readers)
		})
	}
}

// survive has c read the output of its process to the end through a proxy that cuts.
// Where there is a choice of readers, c leaves some connections by itself.
func survive(t *testing.T, c *client, readers []reader) {
	t.Helper()
	random := random(t)
	n, gap := cuts(t)
	direct := *c
	proxy := c.through(t)
	k := &cutter{random: random, proxy: proxy, gap: gap, left: n, counts: map[string]int{}, done: func() error {
		return direct.say(harness.Context(t), "stop")
	}}
	c.received = func(line uint64) error {
		if err := k.passed(line); err != nil {
			return err
		}
		if len(readers) > 1 && !k.over && random.IntN(gap) == 0 {
			return errLeft
		}
		return nil
	}
	if err := c.readAll(t, random, readers...); err != nil {
		t.Fatal(err)
	}
	if *c.ending != exit3 || proxy.Struck() != n {
		t.Errorf("%+v after %d of %d faults", *c.ending, proxy.Struck(), n)
	}
	t.Logf("%d lines over %d connections, %d twice; %v", c.last, c.connections, c.repeats, k.counts)
}
