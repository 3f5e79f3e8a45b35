package session

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// diary is what hooks were told, in turn.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(what string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(what, args...))
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines)
}

// TestHooks: they are called in the order of what happens, each once, and may use the
// session.
func TestHooks(t *testing.T) {
	t.Parallel()
	var d diary
	s := serve(t, `while read x; do echo "got $x"; done`, Lifetime{Hooks: &Hooks{
		Created: func(x *Session) error {
			if err := x.Send(message("x")); err == nil {
				t.Error("a process takes a message before it has started")
			}
			x.Say(message("welcome"))
			d.write("created %d", x.Number)
			return nil
		},
		Destroyed: func(x *Session) { d.write("destroyed %d", x.Number) },
		OnAttach: func(a *Attachment) {
			d.write("attached %d %s", a.Number, a.Remote)
			a.Session.Send(message(fmt.Sprint("hello ", a.Number)))
			a.Say(fmt.Sprint("you are ", a.Number))
		},
		OnDetach: func(a *Attachment) {
			d.write("detached %d", a.Number)
			a.Session.Do(func() {})
		},
	}})
	b := s.browser()
	c := b.dial("/")
	want := map[string]bool{"welcome": true, "you are 1": true, "got hello 1": true}
	for range len(want) {
		delete(want, read(c))
	}
	if len(want) > 0 {
		t.Errorf("it lacks %v", want)
	}
	b.poll("/?after=2&wait=0s")
	testkit.Eventually(t, "the poll has left", func() bool { return len(d.read()) == 4 })
	if status, _ := b.do("POST", "/", "", "x"); status != 204 {
		t.Errorf("%d", status)
	}
	c.Close()
	testkit.Eventually(t, "it has left", func() bool { return len(d.read()) == 5 })
	x := s.one()
	c = b.dial("/?after=3")
	x.End()
	for closed := false; !closed; {
		_, _, err := c.ReadMessage()
		closed = err != nil
	}
	testkit.Eventually(t, "Destroyed is called", func() bool { return len(d.read()) == 8 })
	got := strings.Join(d.read(), ", ")
	if got != "created 1, attached 1 127.0.0.1, attached 2 127.0.0.1, detached 2, detached 1, attached 3 127.0.0.1, detached 3, destroyed 1" {
		t.Errorf("%s", got)
	}
}

// TestTurns: what Do is given, AfterBatch, and the messages of clients never overlap.
func TestTurns(t *testing.T) {
	t.Parallel()
	var busy sync.Mutex
	batches := 0
	alone := func(f func()) {
		if !busy.TryLock() {
			t.Error("two at once")
			return
		}
		defer busy.Unlock()
		f()
	}
	s := serve(t, `exec cat`, Lifetime{Hooks: &Hooks{AfterBatch: func(*Session) { alone(func() { batches++ }) }}})
	doc, _ := s.make()
	x := s.Find(doc.ID)
	var at sync.WaitGroup
	for range 4 {
		at.Go(func() {
			for range 50 {
				if err := x.Send(message("x")); err != nil {
					t.Error(err)
				}
				if err := x.Do(func() { alone(func() {}) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	at.Wait()
	if x.Do(func() {}); batches != 200 {
		t.Errorf("AfterBatch was called %d times", batches)
	}
	x.End()
	<-x.Done()
	if x.Do(func() { t.Error("it is called after the end") }) == nil || x.Send(message("x")) == nil || x.Say(message("x")) == nil {
		t.Error("all is well after the end")
	}
}

// TestPanics: a panic in a hook or in Do is logged, and ends nothing else.
func TestPanics(t *testing.T) {
	t.Parallel()
	oops := func(what string) { panic("oops in " + what) }
	s := serve(t, `exec cat`, Lifetime{Hooks: &Hooks{
		AfterBatch: func(*Session) { oops("AfterBatch") },
		OnAttach:   func(*Attachment) { oops("OnAttach") },
		OnDetach:   func(*Attachment) { oops("OnDetach") },
		Destroyed:  func(*Session) { oops("Destroyed") },
	}})
	other, b := s.browser().dial("/"), s.browser()
	c := b.dial("/")
	for range 2 {
		write(c, "x")
		reads(t, c, "x")
	}
	x := s.Find(b.passes()[0].id)
	if err := x.Do(func() { oops("Do") }); err == nil || !strings.Contains(err.Error(), "oops in Do") {
		t.Errorf("Do returns %v", err)
	}
	write(c, "y")
	reads(t, c, "y")
	x.End()
	closes(t, c, libwebsocketd.CloseNormal, "")
	for _, what := range []string{"AfterBatch", "OnAttach", "OnDetach", "Destroyed", "Do"} {
		testkit.Eventually(t, what+" is in the log", func() bool { return strings.Contains(s.logged(), "oops in "+what) })
	}
	write(other, "z")
	reads(t, other, "z")
}

// TestSay: what a Go program says is numbered like the process's own output, and kept.
func TestSay(t *testing.T) {
	t.Parallel()
	s := serve(t, `exec cat`, Lifetime{})
	doc, c := s.make()
	x := s.Find(doc.ID)
	data := []byte("one")
	x.Say(libwebsocketd.Message{Kind: libwebsocketd.Text, Data: data}, message("two"))
	copy(data, "xxx") // the message was copied
	x.Say()
	x.Send(message("three"))
	ws := c.dial("/?session=" + doc.ID)
	reads(t, ws, "one", "two", "three")
	x.Say()
	x.Say(message(""))
	reads(t, ws, "")
	reads(t, c.dial("/?session="+doc.ID+"&after=2"), "three", "")
	for a := range x.Attachments() {
		a.Say(fmt.Sprint("only ", a.Number))
	}
	reads(t, ws, "only 1")
	x.Say(message("all"))
	reads(t, ws, "all")
	if state := c.state(doc.ID); state.Last != 5 {
		t.Errorf("%d messages", state.Last)
	}
}
