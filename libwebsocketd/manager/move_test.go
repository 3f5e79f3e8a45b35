//go:build linux

package manager

import (
	"context"
	"testing"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/shared"
	"websocketd/libwebsocketd/stdio"
)

// runOf returns the process of the only instance of a program.
func (f *fixture) runOf(name string) *run {
	f.t.Helper()
	s, _, err := f.find(name)
	f.must(err)
	i := s.list()[0]
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.run
}

// lift makes the server stand still. The caller must call settle.
func (f *fixture) lift() (all []libwebsocketd.Handed, settle func(taken bool) []process.Loan) {
	f.t.Helper()
	testkit.Within(f.t, testkit.Patience, "the server stands still", func() {
		var err error
		if all, settle, err = f.Server.Lift(context.Background()); err != nil {
			f.t.Error(err)
		}
	})
	return all, settle
}

// TestLiftFailing: a process that a check is just ending is not handed over, and its server is not kept
// from that.
func TestLiftFailing(t *testing.T) {
	t.Parallel()
	f := only(t, `trap '' TERM; echo up; while :; do sleep 0.01; done`, App{Ready: &Ready{Line: "^up$"}, KillTimeout: 300 * time.Millisecond, MaxRestarts: 1, RestartDelay: time.Hour})
	f.is(3, "a starting, a online, a STARTED")
	r := f.runOf("a")
	go r.fail(EventMemoryExceeded, "the test wants it")
	testkit.Eventually(t, "it is being ended", func() bool {
		_, asked := r.endpoint.(*stdio.Endpoint).Process().Asked()
		return asked
	})
	all, settle := f.lift()
	if len(all) != 1 || all[0].Pid != 0 {
		t.Errorf("%d are handed over, with a process", len(all))
	}
	testkit.Within(t, testkit.Patience, "all is handed over", func() { settle(true) })
}

// TestFailStill: what a check finds while another server is about to take over does not end the process,
// if that one does; and if not, it does.
func TestFailStill(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{true, false} {
		f := only(t, "exec cat", App{MaxRestarts: 1, RestartDelay: time.Hour})
		f.is(3, "a starting, a online, a STARTED")
		r := f.runOf("a")
		all, settle := f.lift()
		if len(all) != 1 || all[0].Pid != r.pid {
			t.Fatalf("%d are handed over, not with process %d", len(all), r.pid)
		}
		failed := make(chan struct{})
		go func() {
			defer close(failed)
			r.fail(EventMemoryExceeded, "the test wants it")
		}()
		f.until(func() bool { return f.one("a").Status == Restarting })
		testkit.Within(t, testkit.Patience, "it is settled", func() {
			for _, loan := range settle(taken) {
				select {
				case <-loan.Exited():
					t.Error("it was ended")
				default:
				}
				loan.Kill()
			}
		})
		<-failed
		libwebsocketd.CloseFiles(all)
		if !taken {
			<-r.endpoint.Exited()
		}
	}
}

// TestTakeOverFailing: a process that a check was just about to end, and that was handed over instead, is
// online: nothing else would tell that again.
func TestTakeOverFailing(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		s, _, err := p.find("a")
		p.must(err)
		for want, v := range map[Status]handedInstance{
			Online:   {Status: Restarting, Run: &handedRun{Told: true}, Hub: &shared.Handed{}},
			Starting: {Status: Restarting, Run: &handedRun{}, Hub: &shared.Handed{}},
			Stopping: {Status: Stopping, Run: &handedRun{Told: true}, Hub: &shared.Handed{Changed: true}}, // this does follow
		} {
			v.Of = 1
			if got := s.place(&v).info().Status; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}
