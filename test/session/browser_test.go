package session

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
	"websocketd/test/harness/browser"
)

// lifetimes are the flags of the programs that a client comes back to.
var lifetimes = map[string][]string{
	"shared":  {"--shared", "--linger=10m", "--history=64M"},
	"session": {"--resume=10m", "--history=64K"},
}

// serveSlow runs our binary with testdata, and a program that says less than others do: a
// browser waits ten seconds before it suspects a silent connection.
func serveSlow(t *testing.T, flags []string) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Binary(t), append(append([]string{"--staticdir=testdata", "--pingms=200"}, flags...),
		harness.Child(t), "count", "-now", "-until", "-every=4ms", "-pad=20", "-status=3")...)
}

// ledger demands every line of one process, once and in order.
type ledger struct {
	last     uint64
	pid      int
	received func(last uint64) error
}

func (l *ledger) take(line string) error {
	var number uint64
	var pid int
	if _, err := fmt.Sscan(line, &number, &pid); err != nil {
		return fmt.Errorf("not a numbered line: %.80q", line)
	}
	if number != l.last+1 || l.pid != 0 && pid != l.pid {
		return fmt.Errorf("line %d of process %d after line %d of process %d", number, pid, l.last, l.pid)
	}
	l.last, l.pid = number, pid
	return l.received(number)
}

// newCutter returns what cuts off a client of the server, and where that is to connect. A
// browser takes ten seconds to find a connection dead, so without CUTS there are few.
func newCutter(t *testing.T, s *harness.Server) *cutter {
	t.Helper()
	n, gap := cuts(t)
	if os.Getenv("CUTS") == "" {
		n = 6
	}
	return &cutter{random: random(t), proxy: harness.NewProxy(t, s.Addr), gap: gap / 4, left: n, counts: map[string]int{}}
}

// elsewhere is a client in another program, which counts by itself.
type elsewhere interface {
	taken(t *testing.T) []string // what has come since it was asked last
	ended(t *testing.T) *ending
	ask(t *testing.T, message string) // as say does, but it need not be connected
}

// follow has one read the output of its process to the end, while it is cut off.
func (k *cutter) follow(t *testing.T, f elsewhere) {
	t.Helper()
	k.lossy, k.done = true, func() error { f.ask(t, "stop"); return nil }
	l := ledger{received: k.passed}
	n := k.left
	var e *ending
	for e == nil {
		var lines []string
		moved := harness.Within(4*harness.Patience(t), func() bool {
			e = f.ended(t) // before the last lines are taken
			lines = f.taken(t)
			return e != nil || len(lines) > 0
		})
		if !moved {
			t.Fatalf("nothing after line %d, and no end; %d of the faults struck: %v", l.last, k.proxy.Struck(), k.counts)
		}
		for _, line := range lines {
			if err := l.take(line); err != nil {
				t.Fatal(err)
			}
		}
	}
	if *e != exit3 || k.proxy.Struck() != n {
		t.Errorf("%+v after %d of %d faults", *e, k.proxy.Struck(), n)
	}
	t.Logf("%d lines; %v", l.last, k.counts)
}

// A page that has the browser client, and nothing of its own but a listener, shows every
// line once and in order, whatever happens to its connections.
func TestCutPage(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	for name, flags := range lifetimes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newCutter(t, serveSlow(t, flags))
			k.follow(t, openPage(t, chromium, "http://"+k.proxy.Addr+"/"))
		})
	}
}

// A program in Node, where there is no page, does what a page does.
func TestCutNode(t *testing.T) {
	t.Parallel()
	for name, flags := range lifetimes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newCutter(t, serveSlow(t, flags))
			k.follow(t, startNode(t, "http://"+k.proxy.Addr+"/"))
		})
	}
}

// page is a page in a window of its own. Its script is testdata/page.js.
type page struct{ ctx context.Context }

func openPage(t *testing.T, chromium context.Context, url string) *page {
	t.Helper()
	ctx, _, closeWindow := browser.Window(t, chromium)
	t.Cleanup(closeWindow)
	if err := chromedp.Run(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	return &page{ctx}
}

// eval sets to to the value of a JavaScript expression.
func (p *page) eval(t *testing.T, expression string, to any) {
	t.Helper()
	ctx, cancel := harness.WithPatience(t, p.ctx)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Evaluate(expression, to)); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
}

func (p *page) taken(t *testing.T) (lines []string) {
	t.Helper()
	p.eval(t, `lines.splice(0)`, &lines)
	return lines
}

func (p *page) ended(t *testing.T) (e *ending) {
	t.Helper()
	p.eval(t, `over`, &e)
	return e
}

func (p *page) say(t *testing.T, message string) {
	t.Helper()
	p.eval(t, fmt.Sprintf(`connection.send(%q)`, message), nil)
}

func (p *page) ask(t *testing.T, message string) {
	t.Helper()
	p.eval(t, fmt.Sprintf(`try { connection.send(%q) } catch {}`, message), nil)
}

// node is a program in Node, testdata/follow.mjs.
type node struct {
	in   io.Writer
	out  *harness.Lines
	from int // up to here its output was taken
	last string
}

// startNode starts the program. It ends when its connection has ended.
func startNode(t *testing.T, url string) *node {
	t.Helper()
	n := &node{out: &harness.Lines{}}
	node := append(harness.Node20(t), "testdata/follow.mjs", url)
	cmd := exec.Command(node[0], node[1:]...)
	cmd.Stdout, cmd.Stderr = n.out, n.out
	in, err := cmd.StdinPipe()
	if err == nil {
		n.in, err = in, cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		if t.Failed() || !harness.Within(harness.Patience(t), func() bool { return len(exited) > 0 }) {
			cmd.Process.Kill()
		}
		if err := <-exited; err != nil {
			t.Errorf("node has not ended well: %v", err)
		}
	})
	return n
}

func (n *node) taken(*testing.T) []string {
	text := n.out.String()[n.from:]
	text = text[:strings.LastIndexByte(text, '\n')+1]
	n.from += len(text)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if last := lines[len(lines)-1]; text == "" || strings.HasPrefix(last, "{") {
		n.last, lines = last, lines[:len(lines)-1]
	}
	return lines
}

func (n *node) ended(t *testing.T) (e *ending) {
	t.Helper()
	if n.last == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(n.last), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func (n *node) ask(_ *testing.T, message string) {
	io.WriteString(n.in, message+"\n") // if it has ended, its ending is looked at
}
