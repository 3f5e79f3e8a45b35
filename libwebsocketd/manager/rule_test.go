package manager

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd/process"
)

// TestRow: restarts in a row are later and later, and a process that has run for MinUptime begins
// the row again.
func TestRow(t *testing.T) {
	t.Parallel()
	alone(t, App{MaxRestarts: 12, RestartDelay: time.Second, MinUptime: 5 * time.Second}, func(t *testing.T, p *play) {
		p.expect("a starting, a online, a STARTED")
		for round := range 2 {
			for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
				p.newest("a").end(exits(1))
				p.expect("a CRASHED 1, a restarting")
				began := time.Now()
				for len(p.all("a")) == 0 {
					time.Sleep(100 * time.Millisecond)
					synctest.Wait()
				}
				if got := time.Since(began); got != want*time.Second {
					t.Errorf("round %d: it came back after %v, want %v", round, got, want*time.Second)
				}
				p.expect("a starting, a online, a RESTARTED")
			}
			time.Sleep(5 * time.Second)
		}
		if about := p.one("a"); about.Restarts != 14 || about.Status != Online {
			t.Errorf("%+v", about)
		}
	})
}

// TestRowErrored: after exactly MaxRestarts in a row it is errored, and a start by hand begins
// the row again.
func TestRowErrored(t *testing.T) {
	t.Parallel()
	alone(t, App{MaxRestarts: 16}, func(t *testing.T, p *play) {
		p.with(func() { p.startup = func(c *fakeChild) { go c.end(exits(7)) } })
		p.newest("a").end(exits(7))
		time.Sleep(time.Hour)
		synctest.Wait()
		about := p.one("a")
		if about.Status != Errored || about.Restarts != 16 || p.starts() != 17 || *about.Exit != 7 {
			t.Errorf("%d starts, %+v", p.starts(), about)
		}
		if want := "it has ended 17 times in a row, each time before 1s were over; the last time: exit status 7"; about.Why != want {
			t.Errorf("why: %s", about.Why)
		}
		p.told()
		p.with(func() { p.startup = nil })
		p.must(p.Start(context.Background(), "a"))
		p.expect("a starting, a online, a STARTED")
		p.newest("a").end(exits(7))
		p.expect("a CRASHED 7, a restarting")
	})
}

// TestNoLimit: a negative MaxRestarts is none.
func TestNoLimit(t *testing.T) {
	t.Parallel()
	alone(t, App{MaxRestarts: -1}, func(t *testing.T, p *play) {
		p.with(func() { p.startup = func(c *fakeChild) { go c.end(exits(0)) } })
		p.newest("a").end(exits(0))
		time.Sleep(time.Hour)
		if about := p.one("a"); about.Status == Errored || about.Restarts < 100 {
			t.Errorf("%+v", about)
		}
	})
}

// TestTask: a program that is not restarted stays stopped with its exit status. At the moment it is
// told to be stopped, it can be started.
func TestTask(t *testing.T) {
	t.Parallel()
	alone(t, App{NoRestart: true}, func(t *testing.T, p *play) {
		p.told()
		p.newest("a").end(exits(3))
		p.expect("a CRASHED 3, a stopped")
		if about := p.one("a"); *about.Exit != 3 || about.completed || about.Pid != 0 || about.Why != "exit status 3" {
			t.Errorf("%+v", about)
		}
		p.must(p.Start(context.Background(), "a"))
		p.expect("a starting, a online, a STARTED")
		p.newest("a").end(exits(0))
		p.expect("a STOPPED 0, a stopped")
		if about := p.one("a"); *about.Exit != 0 || !about.completed {
			t.Errorf("%+v", about)
		}
		p.must(p.Start(context.Background(), "a"))
		p.must(p.Stop(context.Background(), "a"))
		if p.one("a").completed {
			t.Error("a task that was stopped by hand is completed")
		}
	})
}

// TestStartAtStopped: who hears that a program is stopped, or errored, can start it at once.
func TestStartAtStopped(t *testing.T) {
	t.Parallel()
	for _, app := range []App{{NoRestart: true}, {MaxRestarts: 1, RestartDelay: time.Millisecond}} {
		alone(t, app, func(t *testing.T, p *play) {
			heard := make(chan bool)
			p.Notify(func(e Event) {
				if e.Status != nil && (e.Info.Status == Stopped || e.Info.Status == Errored) {
					close(heard)
				}
			})
			p.with(func() { p.startup = func(c *fakeChild) { go c.end(exits(1)) } })
			p.newest("a").end(exits(1))
			<-heard
			p.Notify(func(Event) {})
			p.with(func() { p.startup = nil })
			p.must(p.Start(context.Background(), "a"))
		})
	}
}

// TestCannotStart: a command that cannot be started is tried again by the rule, also after a restart
// by hand, and the operation says why at once.
func TestCannotStart(t *testing.T) {
	t.Parallel()
	alone(t, App{MaxRestarts: 3}, func(t *testing.T, p *play) {
		p.told()
		p.with(func() { p.refuse = "no such file" })
		began := time.Now()
		p.fails(p.Restart(context.Background(), "a"), "a has ended before it was online: no such file")
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v to say so", took)
		}
		p.expect("a stopping, a starting, a CRASHED, a restarting")
		time.Sleep(time.Hour)
		p.expect("a CRASHED, a CRASHED, a CRASHED, a errored")
		if about := p.one("a"); about.Restarts != 4 || about.Pid != 0 { // one by hand
			t.Errorf("%+v", about)
		}
		p.fails(p.Start(context.Background(), "a"), "a has ended before it was online: no such file")
		p.with(func() { p.refuse = "" })
		time.Sleep(time.Second)
		if about := p.one("a"); about.Status != Online || about.Why != "" {
			t.Errorf("%+v", about)
		}
	})
}

// TestEndsBeforeReady: a process that ends before it is online fails the operation, and is followed
// by the rule.
func TestEndsBeforeReady(t *testing.T) {
	t.Parallel()
	alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
		p.expect("a starting")
		first := p.newest("a")
		result := make(chan error, 1)
		p.must(p.Stop(context.Background(), "a"))
		p.expect("a stopping, a stopped, a STOPPED -1")
		if first.pid == 0 || len(p.all("a")) > 0 {
			t.Error("it runs")
		}
		go func() { result <- p.Start(context.Background(), "a") }()
		synctest.Wait()
		p.newest("a").end(exits(2))
		p.fails(<-result, "a has ended before it was online: exit status 2")
		p.expect("a starting, a CRASHED 2, a restarting")
		time.Sleep(time.Second)
		synctest.Wait()
		p.newest("a").tap.Stderr([]byte("it is up"))
		p.expect("a starting, a online, a STARTED")
	})
}

// TestRestartAtCrash: a restart by hand in the moment of a crash is not lost, whatever the rule
// says: here it comes after the hub has looked for one, and before the rule is asked.
func TestRestartAtCrash(t *testing.T) {
	t.Parallel()
	alone(t, App{NoRestart: true}, func(t *testing.T, p *play) {
		p.told()
		_, i, _ := p.find("0")
		i.mu.Lock()
		i.asked = true
		i.mu.Unlock()
		p.newest("a").end(exits(1))
		p.expect("a starting, a online, a RESTARTED")
		if about := p.one("a"); about.Restarts != 1 {
			t.Errorf("%+v", about)
		}
		p.newest("a").end(exits(1))
		p.expect("a CRASHED 1, a stopped")
	})
}

// TestRestartWhileStarting: a restart by hand while a process is being started is content with it.
func TestRestartWhileStarting(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.told()
		p.with(func() {
			p.startup = func(*fakeChild) {
				_, i, _ := p.find("0")
				i.again()
			}
		})
		p.newest("a").end(exits(1))
		time.Sleep(time.Minute)
		p.expect("a CRASHED 1, a restarting, a starting, a online, a RESTARTED")
		if n := p.starts(); n != 2 {
			t.Errorf("%d processes were started", n)
		}
	})
}

// TestStopWhileStarting: a process that is being started when it is to be stopped is not told to be
// starting, and is ended.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.must(p.Stop(context.Background(), "a"))
		p.told()
		p.with(func() { p.startup = func(*fakeChild) { p.Server.EndProgram("a") } })
		p.fails(p.Start(context.Background(), "a"), "a was stopped")
		p.expect("a starting, a stopping, a stopped, a STOPPED -1")
	})
}

// TestRestartInBackOff: a restart by hand ends the wait.
func TestRestartInBackOff(t *testing.T) {
	t.Parallel()
	alone(t, App{RestartDelay: time.Minute}, func(t *testing.T, p *play) {
		for _, op := range []func(context.Context, string) error{p.Restart, p.Manager.Reload} {
			p.newest("a").end(exits(1))
			synctest.Wait()
			began := time.Now()
			p.fails(p.Start(context.Background(), "a"), "a is already restarting")
			p.must(op(context.Background(), "a"))
			if took := time.Since(began); took > 0 || p.one("a").Status != Online {
				t.Errorf("after %v %+v", took, p.one("a"))
			}
		}
	})
}

// TestStopInBackOff: a stop ends the wait, too, and nothing follows.
func TestStopInBackOff(t *testing.T) {
	t.Parallel()
	alone(t, App{RestartDelay: time.Minute}, func(t *testing.T, p *play) {
		p.told()
		p.newest("a").end(process.Ending{Code: -1, Signal: 11})
		synctest.Wait()
		p.must(p.Stop(context.Background(), "a"))
		p.expect("a CRASHED -1, a restarting, a stopping, a stopped")
		time.Sleep(time.Hour)
		p.expect("")
		if about := p.one("a"); p.starts() != 1 || about.Why != "" {
			t.Errorf("%d starts, %+v", p.starts(), about)
		}
	})
}
