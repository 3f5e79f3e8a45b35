package session

import (
	"fmt"
	"testing"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// blockedLifetimes are the flags of programs that a page talks to without a WebSocket. One
// ends with its last client, so that there must be one all the time.
var blockedLifetimes = map[string][]string{
	"shared":            {"--shared", "--history=64M"},
	"shared, slow":      {"--shared", "--history=64M", "--slowclient=block"},
	"session":           {"--resume=1m", "--history=4M"}, // what the gate has taken counts as confirmed
	"session, one each": {"--resume=1m", "--attach=refuse"},
	"session, takeover": {"--resume=1m", "--attach=takeover"},
}

// Where a proxy refuses WebSockets there is a stream and a POST for each message; when it
// does not any more there is a WebSocket. No line is lost or comes twice, and the program
// is the same.
func TestBlockedPage(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	for name, flags := range blockedLifetimes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveSlow(t, flags)
			gate := harness.NewGate(t, s.Addr)
			p := openPage(t, chromium, "http://"+gate.Addr+"/")
			p.blocked(t, gate)
		})
	}
}

// blocked reads the output of a page behind a gate to the end, which opens on the way.
func (p *page) blocked(t *testing.T, gate *harness.Gate) {
	t.Helper()
	via := func(want string) func(uint64) error {
		return func(uint64) (err error) {
			var got string
			if p.eval(t, `connection.via`, &got); got != want {
				err = fmt.Errorf("the page is connected by %s", got)
			}
			return err
		}
	}
	l := ledger{received: func(uint64) error { return nil }}
	p.read(t, &l, func() bool { return l.last > 200 })
	if err := via("http")(0); err != nil || gate.Refused() == 0 {
		t.Fatalf("%v; %d handshakes were refused", err, gate.Refused())
	}
	before := gate.Refused()
	p.read(t, &l, func() bool { return gate.Refused() > before })
	gate.Open()
	p.read(t, &l, func() bool { return gate.Passed() > 0 && via("websocket")(0) == nil })
	p.read(t, &l, func() bool { return l.last > 1000 })
	p.say(t, "stop")
	p.read(t, &l, func() bool { return p.ended(t) != nil })
	p.read(t, &l, func() bool { return true })
	if e := p.ended(t); *e != exit3 {
		t.Errorf("ended with %+v", *e)
	}
}

// read takes what comes, until enough has.
func (p *page) read(t *testing.T, l *ledger, enough func() bool) {
	t.Helper()
	harness.Until(t, "a page gets further", func() bool {
		for _, line := range p.taken(t) {
			if err := l.take(line); err != nil {
				t.Fatal(err)
			}
		}
		return enough()
	})
}

// A message that is POSTed is the message: also the last one, and a large one.
func TestBlockedSends(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--staticdir=testdata", "--shared", "cat")
	gate := harness.NewGate(t, s.Addr)
	p := openPage(t, browser.Start(t), "http://"+gate.Addr+"/")
	harness.Until(t, "the page is connected", func() (open bool) {
		p.eval(t, `connection.state === "open"`, &open)
		return open
	})
	p.eval(t, `for (let i = 0; i < 20; i++) connection.send("line " + i); connection.send("ü".repeat(300000))`, nil)
	var lines []string
	harness.Until(t, "all messages have come back", func() bool {
		lines = append(lines, p.taken(t)...)
		return len(lines) == 21
	})
	for i, line := range lines[:20] {
		if line != fmt.Sprintf("line %d", i) {
			t.Errorf("message %d: %q", i, line)
		}
	}
	if n := len(lines[20]); n != 600000 {
		t.Errorf("the large message has %d bytes", n)
	}
}

// What a page has missed it is told exactly.
func TestMissedPage(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Binary(t), "--staticdir=testdata", "--shared", "--linger=1m", "--history=4K",
		harness.Child(t), "count", "-now", "-until", "-every=1ms", "-pad=20", "-status=3")
	proxy := harness.NewProxy(t, s.Addr)
	p := openPage(t, browser.Start(t), "http://"+proxy.Addr+"/")
	p.eval(t, `let last, wrong = [], missed = 0;
		connection.addEventListener("missed", e => missed += e.count);
		connection.addEventListener("message", e => {
			const n = parseInt(e.data);
			if (n !== e.number || last !== undefined && n !== last + missed + 1) wrong.push([last, missed, n, e.number].join());
			last = n; missed = 0;
		}); 0`, nil)
	harness.Until(t, "messages come", func() bool { return len(p.taken(t)) > 0 })
	var told []string
	for range 3 {
		p.eval(t, `told.length = 0`, nil)
		proxy.After(0, harness.Reset)
		harness.Until(t, "the page has missed something", func() bool {
			p.eval(t, `told.filter(t => t.startsWith("missed"))`, &told)
			return len(told) > 0
		})
	}
	var wrong []string
	if p.eval(t, `wrong`, &wrong); len(wrong) > 0 {
		t.Errorf("last message, missed, next message and its number: %q", wrong)
	}
}
