package manager

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
)

// chain plays programs a, b and c: c is started after b, and b after a, which is ready when it says
// "up".
func chain(t *testing.T, act func(t *testing.T, p *play)) {
	t.Helper()
	inPlay(t, func(p *play) []libwebsocketd.Program {
		return []libwebsocketd.Program{
			p.program("c", App{Instances: 2}, Dependency{"b", ReadyTo}),
			p.program("b", App{Instances: 2}, Dependency{"a", ReadyTo}),
			p.program("a", App{Instances: 2, Ready: &Ready{Line: "up", Timeout: time.Hour}, MaxRestarts: 1}),
		}
	}, act)
}

// up lets every process of a program say that it is up.
func (p *play) up(program string) {
	for _, c := range p.all(program) {
		c.tap.Stderr([]byte("up"))
	}
	synctest.Wait()
}

// TestAfter: programs wait for each other's every instance, and that is told.
func TestAfter(t *testing.T) {
	t.Parallel()
	chain(t, func(t *testing.T, p *play) {
		if len(p.all("a")) != 2 || len(p.all("b"))+len(p.all("c")) > 0 {
			t.Errorf("%d a, %d b, %d c", len(p.all("a")), len(p.all("b")), len(p.all("c")))
		}
		about, _ := p.Find("c-1")
		if about[0].Status != Starting || !slices.Equal(about[0].Waits, []string{"b:ready"}) || about[0].Why != "it waits for b:ready" {
			t.Errorf("%+v", about)
		}
		time.Sleep(patience - time.Millisecond)
		synctest.Wait()
		if said := p.log.with("WAITING"); len(said) > 0 {
			t.Errorf("told too early: %q", said)
		}
		time.Sleep(time.Hour / 2)
		synctest.Wait()
		said := p.log.with("WAITING")
		if len(said) != 4 || !strings.Contains(strings.Join(said, "\n"), "instance=b-0 for=a:ready") {
			t.Errorf("told: %q", said)
		}
		p.all("a")[0].tap.Stderr([]byte("up"))
		synctest.Wait()
		if len(p.all("b")) > 0 {
			t.Error("b does not wait for both of a")
		}
		p.up("a")
		if about, _ := p.Find("c"); about[0].Status != Online || about[0].Waits != nil || about[0].Why != "" {
			t.Errorf("%+v", about)
		}
		p.must(p.Stop(context.Background(), "a"))
		if len(p.all("b")) != 2 {
			t.Error("what is started after a program that is stopped by hand does not go on")
		}
	})
}

// TestAfterErrored: that the program it waits for is errored is told at once, and the wait goes on.
func TestAfterErrored(t *testing.T) {
	t.Parallel()
	chain(t, func(t *testing.T, p *play) {
		p.with(func() { p.startup = func(c *fakeChild) { go c.end(exits(1)) } })
		for _, c := range p.all("a") {
			c.end(exits(1))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		said := p.log.with("WAITING")
		if len(said) != 2 || !strings.Contains(said[0], `for="a:ready, which is errored"`) {
			t.Errorf("told: %q", said)
		}
		if about, _ := p.Find("b"); about[0].Why != "it waits for a:ready, which is errored" {
			t.Errorf("%+v", about[0])
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		p.fails(p.Restart(ctx, "b"), "b-0 is still starting: it waits for a:ready, which is errored")
		p.with(func() { p.startup = nil })
		go p.Start(context.Background(), "a")
		synctest.Wait()
		p.up("a")
		if len(p.all("c")) != 2 {
			t.Error("c was not started")
		}
	})
}

// TestStopWhileWaiting: a stop does not wait for a start that waits for another program, nor does a
// delete; and what has waited is not started any more.
func TestStopWhileWaiting(t *testing.T) {
	t.Parallel()
	chain(t, func(t *testing.T, p *play) {
		p.must(p.Stop(context.Background(), "c"))
		for _, op := range []func(context.Context, string) error{p.Stop, p.Delete} {
			result := make(chan error, 1)
			go func() { result <- p.Start(context.Background(), "c") }()
			synctest.Wait()
			began := time.Now()
			p.must(op(context.Background(), "c"))
			if took := time.Since(began); took > 0 {
				t.Errorf("it took %v", took)
			}
			p.fails(<-result, "was stopped")
		}
		results := make(chan error)
		for _, name := range []string{"b-1", "b"} {
			p.must(p.Stop(context.Background(), "b"))
			for range 3 { // two of them wait for their turn
				go func() { results <- p.Start(context.Background(), "b") }()
			}
			synctest.Wait()
			began := time.Now()
			p.must(p.Stop(context.Background(), name))
			if took := time.Since(began); took > 0 {
				t.Errorf("it took %v to stop %s", took, name)
			}
		}
		p.up("a")
		go p.Start(context.Background(), "b")
		for range 6 {
			<-results
		}
		p.up("a")
		if len(p.all("c")) > 0 || len(p.all("b")) != 2 {
			t.Error("c was started")
		}
	})
}

// TestConditions: what each condition waits for.
func TestConditions(t *testing.T) {
	t.Parallel()
	inPlay(t, func(p *play) []libwebsocketd.Program {
		return []libwebsocketd.Program{
			p.program("started", App{}, Dependency{"a", Started}),
			p.program("ready", App{}, Dependency{"a", ReadyTo}),
			p.program("healthy", App{}, Dependency{"a", Healthy}),
			p.program("completed", App{}, Dependency{"task", Completed}),
			p.program("nothing", App{}, Dependency{"there is none", Started}),
			p.program("a", App{Ready: &Ready{Line: "up"}}),
			p.program("task", App{NoRestart: true}),
		}
	}, func(t *testing.T, p *play) {
		is := func(want ...string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for _, about := range p.List() {
				if about.Pid != 0 && len(about.After) > 0 {
					got = append(got, about.Program)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("started: %q, want %q", got, want)
			}
		}
		is("started")
		p.up("a")
		is("ready", "started")
		p.services["a"].list()[0].run.tellHealth(HealthHealthy, CheckResult{OK: true})
		is("healthy", "ready", "started")
		p.newest("task").end(exits(1))
		is("healthy", "ready", "started")
		p.must(p.Start(context.Background(), "task"))
		p.must(p.Stop(context.Background(), "task"))
		is("healthy", "ready", "started")
		p.must(p.Start(context.Background(), "task"))
		p.newest("task").end(exits(0))
		is("completed", "healthy", "ready", "started")
		if about := p.one("nothing"); about.Why != "it waits for there is none:started, which is no program of this server" {
			t.Error(about.Why)
		}
	})
}

// TestStarted: what waits for the start of a process hears of it.
func TestStarted(t *testing.T) {
	t.Parallel()
	inPlay(t, func(p *play) []libwebsocketd.Program {
		p.startup = func(c *fakeChild) { time.Sleep(time.Second) }
		return []libwebsocketd.Program{p.program("b", App{}, Dependency{"a", Started}), p.program("a", App{Ready: &Ready{Line: "up"}})}
	}, func(t *testing.T, p *play) {
		time.Sleep(3 * time.Second)
		if p.one("b").Status != Online {
			t.Errorf("%+v", p.one("b"))
		}
	})
}

// TestOrderOfTheEnd: when the server goes away, each program ends before those that it was started
// after, every instance of it, and what was stopped before does not hold anything up.
func TestOrderOfTheEnd(t *testing.T) {
	t.Parallel()
	chain(t, func(t *testing.T, p *play) {
		p.up("a")
		p.with(func() { p.grace = 3 * time.Second })
		go p.Restart(context.Background(), "a")
		synctest.Wait()
		p.up("a")
		p.must(p.Restart(context.Background(), "b"))
		p.must(p.Restart(context.Background(), "c"))
		p.told()
		began := time.Now()
		ended := make(chan error)
		go func() { ended <- p.Server.Shutdown(context.Background()) }()
		time.Sleep(time.Second)
		p.all("a")[0].end(exits(1)) // it is needed still: the rule is followed
		p.must(<-ended)
		if took := time.Since(began); took != 9*time.Second {
			t.Errorf("it took %v", took)
		}
		var order []string
		for _, word := range strings.Split(p.told(), ", ") {
			if name, is := strings.CutSuffix(word, " stopped"); is {
				order = append(order, name[:1])
			}
		}
		if got := strings.Join(order, ""); got != "ccbbaa" {
			t.Errorf("they have stopped in the order %s", got)
		}
		if len(p.all("")) > 0 {
			t.Error("something is left")
		}
		p.fails(p.Start(context.Background(), "a"), "the server is going away")
	})
}
