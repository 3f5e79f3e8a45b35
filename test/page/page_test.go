package page

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"websocketd/test/harness"
)

// echo is a program that says who it is, and then what it is told.
var echo = []string{"sh", "-c", `echo "pid $$"; exec cat`}

// testReload: a page that is loaded again shows what its process has said, and goes on
// with that process.
func testReload(t *testing.T, chromium context.Context) {
	s := serve(t, echo...)
	_, b := newPerson(t, chromium, "http://"+s.Addr+"/")
	pid := b.first()
	b.send("one")
	b.await(pid, "one")
	for range 3 {
		b.do(chromedp.Reload())
		b.await(pid, "one")
	}
	b.send("two")
	b.await(pid, "one", "two")
	if n := len(s.Children()); n != 1 {
		t.Errorf("%d processes", n)
	}
}

// testTwoTabs: the tabs of a browser show the same output, and another browser's do not.
func testTwoTabs(t *testing.T, chromium context.Context) {
	s := serve(t, echo...)
	p, one := newPerson(t, chromium, "http://"+s.Addr+"/")
	pid := one.first()
	two := p.open("http://" + s.Addr + "/?theme=dark")
	two.await(pid)
	two.send("from two")
	one.await(pid, "from_two")
	one.send("from one")
	two.await(pid, "from_two", "from_one")
	if _, other := newPerson(t, chromium, "http://"+s.Addr+"/"); other.first() == pid {
		t.Error("another browser has the same process")
	}
}

// testSessionURL: with --sessionurl each tab has a process, and a URL for it, which is
// nobody else's.
func testSessionURL(t *testing.T, chromium context.Context) {
	s := serve(t, append([]string{"--sessionurl"}, echo...)...)
	p, one := newPerson(t, chromium, "http://"+s.Addr+"/")
	two := p.open("http://" + s.Addr + "/")
	first, second := one.first(), two.first()
	if first == second {
		t.Errorf("both have %s", first)
	}
	for b, pid := range map[*tab]string{one: first, two: second} {
		b.do(chromedp.Reload())
		b.await(pid)
		again := p.open(eval[string](b, "location.href"))
		again.await(pid)
	}
	_, stranger := newPerson(t, chromium, eval[string](one, "location.href"))
	if text := eval[string](stranger, "document.body.textContent"); !strings.Contains(text, "403 ") {
		t.Errorf("a stranger sees %q", text)
	}
	if text := eval[string](p.open("http://"+s.Addr+"/?session=0"), "document.body.textContent"); !strings.Contains(text, "404 ") {
		t.Errorf("an unknown session: %q", text)
	}
}

// testLid: a page whose machine was off the network for some time, and was not told that
// its connection is lost, misses nothing.
func testLid(t *testing.T, chromium context.Context) {
	s := serve(t, harness.Child(t), "count", "-now", "-until", "-every=20ms")
	proxy := harness.NewProxy(t, s.Addr)
	p, b := newPerson(t, chromium, "http://"+proxy.Addr+"/")
	count := func(b *tab) func() int { return func() int { return len(b.lines()) } }
	harness.Reaches(t, "lines", 20, count(b))
	watcher := p.open("http://" + s.Addr + "/") // by another way
	for i := range 2 {
		proxy.After(0, harness.Blackhole)
		b.offline(true)
		harness.Until(t, "the connection is lost", func() bool { return proxy.Struck() > i })
		before := len(b.lines())
		harness.Reaches(t, "lines that the page misses", before+50, count(watcher))
		b.offline(false)
		harness.Reaches(t, "lines", before+70, count(b))
	}
	b.send("stop")
	var lines []string
	harness.Until(t, "the last line", func() bool {
		lines = b.lines()
		return strings.HasSuffix(lines[len(lines)-1], "last")
	})
	_, pid, _ := strings.Cut(lines[0], "_")
	for i, line := range lines {
		if want := fmt.Sprint(i+1, "_", pid); !strings.HasPrefix(line, want) {
			t.Fatalf("line %d is %q", i+1, line)
		}
	}
	t.Log(len(lines), "lines")
}

// testLink: who follows a link on another site comes back to their process. A browser does
// not send the cookie then.
func testLink(t *testing.T, chromium context.Context) {
	s := serve(t, echo...)
	home := "http://localhost:" + strconv.Itoa(s.Port) + "/"
	p, b := newPerson(t, chromium, home)
	pid := b.first()
	link := p.open("data:text/html,<a id=link href=" + home + ">there</a>")
	link.do(chromedp.Click("#link", chromedp.ByQuery))
	link.await(pid)
	link.do(chromedp.Reload())
	link.await(pid)
	elsewhere := p.open("http://127.0.0.1:" + strconv.Itoa(s.Port) + "/none")
	eval[any](elsewhere, fmt.Sprintf("setTimeout(() => location = %q)", home))
	elsewhere.await(pid)
	b.do(chromedp.Reload())
	b.await(pid)
}

// testWatch: a program that changes is started again once for several quick writes, and
// the page goes on, knowing that or not.
func testWatch(t *testing.T, chromium context.Context) {
	script := filepath.Join(harness.Scripts(t, map[string]string{"program.sh": `echo "old $$"; exec cat`}), "program.sh")
	s := serve(t, "--watch", script)
	p, b := newPerson(t, chromium, "http://"+s.Addr+"/")
	old := b.first()
	events := p.open("http://" + s.Addr + "/events.html")
	events.await(old)
	for range 5 {
		harness.WriteFile(t, script, "#!/bin/sh\necho \"new $$\"; exec cat\n", 0o755)
	}
	harness.Until(t, "the new one", func() bool { return len(b.lines()) > 1 })
	renewed := b.lines()[1]
	b.send("x")
	b.await(old, renewed, "x")
	if !strings.HasPrefix(renewed, "new_") {
		t.Errorf("it says %s", renewed)
	}
	harness.Until(t, "all events", func() bool { return slices.Contains(events.lines(), "x") })
	if lines := events.lines(); len(lines) != 4 || lines[0] != old || !strings.HasPrefix(lines[1], "restart_") || lines[2] != renewed {
		t.Errorf("the events are %q", lines)
	}
	b.do(chromedp.Reload())
	b.await(old, renewed, "x")
}

// testEvents: the same with server-sent events and POST.
func testEvents(t *testing.T, chromium context.Context) {
	s := serve(t, echo...)
	_, b := newPerson(t, chromium, "http://"+s.Addr+"/events.html")
	pid := b.first()
	b.send("one")
	b.await(pid, "one")
	b.do(chromedp.Reload())
	b.await(pid, "one")
	b.send("two")
	b.await(pid, "one", "two")
}
