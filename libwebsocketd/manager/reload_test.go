package manager

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestReload: the next process runs for MinUptime before it takes the place of the one before.
func TestReload(t *testing.T) {
	t.Parallel()
	alone(t, App{MinUptime: 3 * time.Second}, func(t *testing.T, p *play) {
		p.told()
		before, began := p.one("a"), time.Now()
		p.must(p.Manager.Reload(context.Background(), "a"))
		p.expect("a restarting, a online, a RESTARTED")
		after := p.one("a")
		if took := time.Since(began); took != 3*time.Second || after.Pid == before.Pid || after.Restarts != 1 || p.most["a"] != 2 || len(p.all("a")) != 1 {
			t.Errorf("after %v: %+v", took, after)
		}
	})
}

// TestReloadFails: a next process that ends before it is ready changes nothing.
func TestReloadFails(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.told()
		before := p.one("a")
		p.with(func() { p.startup = func(c *fakeChild) { go c.end(exits(1)) } })
		p.fails(p.Manager.Reload(context.Background(), "a"), "a was not reloaded, and goes on as before: the next process has ended before it was ready")
		p.expect("a restarting, a online")
		if after := p.one("a"); after.Pid != before.Pid || after.Restarts != 0 || after.Status != Online {
			t.Errorf("%+v", after)
		}
		p.with(func() { p.refuse = "no such file" })
		p.fails(p.Manager.Reload(context.Background(), "a"), "goes on as before: no such file")
		p.with(func() { p.refuse, p.startup = "", nil })
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		p.fails(p.Manager.Reload(ctx, "a"), "goes on as before: the next process is not ready yet")
		if after := p.one("a"); after.Pid != before.Pid || after.Status != Online {
			t.Errorf("%+v", after)
		}
		p.newest("a").end(exits(0)) // it is still looked after
		time.Sleep(time.Second)
		if after := p.one("a"); after.Status != Online || after.Restarts != 1 {
			t.Errorf("%+v", after)
		}
	})
}

// TestReloadStarting: a program is reloaded before it is ready. What it tells then is told once.
func TestReloadStarting(t *testing.T) {
	t.Parallel()
	alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
		for _, ready := range []string{"new", "old"} {
			p.must(p.Stop(context.Background(), "a"))
			go p.Start(context.Background(), "a")
			synctest.Wait()
			p.told()
			old := p.newest("a")
			result := make(chan error, 1)
			go func() { result <- p.Manager.Reload(context.Background(), "a") }()
			old.tap.Stderr([]byte("I am up too late")) // the start has its turn first
			synctest.Wait()
			next := p.newest("a")
			if ready == "old" {
				next.end(exits(1))
				p.fails(<-result, "the next process has ended before it was ready")
				p.expect("a online, a STARTED, a restarting, a online")
			} else {
				next.tap.Stderr([]byte("I am up"))
				p.must(<-result)
				p.expect("a online, a STARTED, a restarting, a online, a RESTARTED")
			}
		}
	})
}

// TestCrashDuringReload: the process ends while the next one gets ready. The rule is followed, and
// the next one takes the place of whatever runs then, or of nothing.
func TestCrashDuringReload(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{time.Second, time.Hour} {
		alone(t, App{RestartDelay: delay, Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
			old := p.newest("a")
			old.tap.Stderr([]byte("up"))
			p.told()
			result := make(chan error, 1)
			go func() { result <- p.Manager.Reload(context.Background(), "a") }()
			synctest.Wait()
			next := p.newest("a")
			old.end(exits(9))
			p.expect("a restarting, a CRASHED 9")
			time.Sleep(2 * time.Second)
			next.tap.Stderr([]byte("up"))
			p.must(<-result)
			synctest.Wait()
			about := p.one("a")
			if about.Pid != next.pid || about.Status != Online || len(p.all("a")) != 1 {
				t.Errorf("%+v", about)
			}
		})
	}
}

// TestOnlineDuringReload: a process that becomes ready while the next one gets ready is online, be it
// the one that was there, or another one that the rule has started, and stays so if the reload fails.
func TestOnlineDuringReload(t *testing.T) {
	t.Parallel()
	for _, crashes := range []bool{true, false} {
		alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
			result := make(chan error, 1)
			p.told()
			old := p.newest("a")
			go func() { result <- p.Manager.Reload(context.Background(), "a") }()
			synctest.Wait()
			next := p.newest("a")
			want := "a restarting, a online, a STARTED"
			if crashes {
				old.end(exits(1))
				time.Sleep(time.Second)
				synctest.Wait()
				old, want = p.newest("a"), "a restarting, a CRASHED 1, a starting, a online, a STARTED"
			}
			old.tap.Stderr([]byte("up"))
			p.expect(want)
			next.end(exits(1))
			p.fails(<-result, "goes on as before")
			if about := p.one("a"); about.Status != Online || about.Pid != old.pid {
				t.Errorf("%+v", about)
			}
			p.expect("")
		})
	}
}

// TestReloadAfterRestart: a process that is to end in order to be restarted is not reloaded: the one
// that follows is new.
func TestReloadAfterRestart(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.with(func() { p.grace = 3 * time.Second })
		p.must(p.Restart(context.Background(), "a"))
		p.told()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		p.fails(p.Restart(ctx, "a"), "a is still stopping")
		p.must(p.Manager.Reload(context.Background(), "a"))
		p.expect("a stopping, a starting, a online, a RESTARTED")
		if n := p.starts(); n != 3 {
			t.Errorf("%d processes were started", n)
		}
	})
}

// TestCrashAtReady: the process ends in the moment in which the next one is ready. Whoever comes
// first, one process runs at the end, and it is the one that is told.
func TestCrashAtReady(t *testing.T) {
	t.Parallel()
	for range 200 {
		alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
			old := p.newest("a")
			old.tap.Stderr([]byte("up"))
			result := make(chan error, 1)
			go func() { result <- p.Manager.Reload(context.Background(), "a") }()
			synctest.Wait()
			next := p.newest("a")
			go old.end(exits(9))
			next.tap.Stderr([]byte("up"))
			p.must(<-result)
			time.Sleep(time.Minute)
			synctest.Wait()
			about := p.one("a")
			if about.Status != Online || about.Pid != next.pid || len(p.all("a")) != 1 || p.starts() != 2 {
				t.Fatalf("%d starts, %d run: %+v", p.starts(), len(p.all("a")), about)
			}
		})
	}
}

// TestNextCrashes: the next process ends right after it has taken the place.
func TestNextCrashes(t *testing.T) {
	t.Parallel()
	for range 50 {
		alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
			p.newest("a").tap.Stderr([]byte("up"))
			go p.Manager.Reload(context.Background(), "a")
			synctest.Wait()
			next := p.newest("a")
			next.tap.Stderr([]byte("up"))
			next.end(exits(9))
			time.Sleep(time.Second)
			synctest.Wait()
			if about := p.one("a"); about.Pid == 0 || about.Pid == next.pid {
				t.Fatalf("%+v", about)
			}
		})
	}
}

// TestTaskEndsDuringReload: where none follows, the reload ends at once.
func TestTaskEndsDuringReload(t *testing.T) {
	t.Parallel()
	alone(t, App{NoRestart: true, MinUptime: time.Hour}, func(t *testing.T, p *play) {
		old := p.newest("a")
		result := make(chan error, 1)
		go func() { result <- p.Manager.Reload(context.Background(), "a") }()
		synctest.Wait()
		began := time.Now()
		old.end(exits(0))
		p.fails(<-result, "the process before has ended, and none is to follow")
		synctest.Wait()
		if took := time.Since(began); took > 0 || p.one("a").Status != Stopped || len(p.all("")) > 0 {
			t.Errorf("after %v: %+v", took, p.one("a"))
		}
	})
}

// TestStopDuringReload: a stop does not wait for the reload, but for both processes.
func TestStopDuringReload(t *testing.T) {
	t.Parallel()
	alone(t, App{MinUptime: time.Hour}, func(t *testing.T, p *play) {
		p.with(func() { p.grace = 7 * time.Second })
		result := make(chan error, 1)
		go func() { result <- p.Manager.Reload(context.Background(), "a") }()
		synctest.Wait()
		p.told()
		began := time.Now()
		p.must(p.Stop(context.Background(), "a"))
		if left, took := len(p.all("")), time.Since(began); left > 0 || took != 7*time.Second {
			t.Errorf("%d processes run after %v", left, took)
		}
		p.fails(<-result, "a was not reloaded: it is being stopped")
		p.expect("a stopping, a stopped, a STOPPED -1")
	})
}

// TestEndDuringReload: a program that is ended is stopped when neither process is left.
func TestEndDuringReload(t *testing.T) {
	t.Parallel()
	alone(t, App{MinUptime: time.Hour}, func(t *testing.T, p *play) {
		p.with(func() { p.grace = 7 * time.Second })
		go p.Manager.Reload(context.Background(), "a")
		synctest.Wait()
		p.Server.EndProgram("a")
		time.Sleep(6 * time.Second)
		if about := p.one("a"); about.Status != Stopping || len(p.all("")) != 1 {
			t.Errorf("%d run: %+v", len(p.all("")), about)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if about := p.one("a"); about.Status != Stopped || len(p.all("")) > 0 {
			t.Errorf("%d run: %+v", len(p.all("")), about)
		}
	})
}

// TestEndAfterReady: the program is ended while the process before ends, and the next one is ready.
func TestEndAfterReady(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.with(func() { p.grace = 7 * time.Second })
		p.must(p.Restart(context.Background(), "a"))
		p.told()
		result := make(chan error, 1)
		go func() { result <- p.Manager.Reload(context.Background(), "a") }()
		time.Sleep(2 * time.Second) // it is ready after one
		p.Server.EndProgram("a")
		p.fails(<-result, "a was not reloaded")
		p.must(p.Stop(context.Background(), "a"))
		p.expect("a restarting, a stopping, a stopped, a STOPPED -1")
		if about := p.one("a"); about.Restarts != 1 {
			t.Errorf("%+v", about)
		}
	})
}

// TestEndAtReady: the program is ended in the moment in which the next process is ready.
func TestEndAtReady(t *testing.T) {
	t.Parallel()
	for range 100 {
		alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
			p.newest("a").tap.Stderr([]byte("up"))
			go p.Manager.Reload(context.Background(), "a")
			synctest.Wait()
			next := p.newest("a")
			go next.tap.Stderr([]byte("up"))
			p.Server.EndProgram("a")
			synctest.Wait()
			if about := p.one("a"); about.Status != Stopped || len(p.all("")) > 0 {
				t.Fatalf("%d run: %+v", len(p.all("")), about)
			}
		})
	}
}

// TestShutdownDuringReload: so does the end of the server; inPlay looks that nothing is left.
func TestShutdownDuringReload(t *testing.T) {
	t.Parallel()
	for range 50 {
		alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
			p.newest("a").tap.Stderr([]byte("up"))
			result := make(chan error, 1)
			go func() { result <- p.Manager.Reload(context.Background(), "a") }()
			synctest.Wait()
			go p.newest("a").tap.Stderr([]byte("up"))
			p.must(p.Server.Shutdown(context.Background()))
			<-result
		})
	}
}

// TestHealthReplaced: a process without restarts is ended by its check while the next one gets ready.
// The next one takes its place, and the statuses follow each other as they may.
func TestHealthReplaced(t *testing.T) {
	t.Parallel()
	alone(t, App{NoRestart: true, Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
		old := p.newest("a")
		old.grace = time.Second
		old.tap.Stderr([]byte("up"))
		p.told()
		result := make(chan error, 1)
		go func() { result <- p.Manager.Reload(context.Background(), "a") }()
		synctest.Wait()
		next := p.newest("a")
		s, _, _ := p.find("a")
		i := s.list()[0]
		go i.run.fail(EventHealthCheckFailed, "it is ill")
		synctest.Wait()
		next.tap.Stderr([]byte("up"))
		p.must(<-result)
		p.expect("a restarting, a HEALTH_CHECK_FAILED, a stopping, a restarting, a online, a RESTARTED")
	})
}
