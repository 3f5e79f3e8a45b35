//go:build linux

package process

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"websocketd/libwebsocketd/internal/backoff"
)

// tank is a pool under test with the slots and errors of its options.
type tank struct {
	*Pool
	slots  atomic.Int64 // in use
	limit  int64        // of slots; 0 is none
	errors chan error   // has room for all errors of a test
}

// newTank makes a pool of size scripts. It is closed with the test, which then fails
// if a slot is in use that no test has taken over.
func newTank(t *testing.T, l *Launcher, limit, size int, script string) *tank {
	t.Helper()
	k := &tank{limit: int64(limit), errors: make(chan error, 1000)}
	k.Pool = l.NewPool(PoolOptions{
		Spec: sh(script),
		Size: size,
		Acquire: func() bool {
			for {
				n := k.slots.Load()
				if k.limit > 0 && n >= k.limit {
					return false
				}
				if k.slots.CompareAndSwap(n, n+1) {
					return true
				}
			}
		},
		Release: func() { k.slots.Add(-1) },
		OnError: func(err error) { k.errors <- err },
	})
	t.Cleanup(func() {
		k.Close()
		if n := k.slots.Load(); n != 0 {
			t.Errorf("%d slots are in use at the end", n)
		}
	})
	return k
}

// full waits until n members are ready.
func (k *tank) full(t *testing.T, n int) {
	t.Helper()
	eventually(t, "the pool is full", func() bool { return len(k.pids()) == n })
}

func (k *tank) pids() (pids []int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range k.ready {
		pids = append(pids, m.Pid)
	}
	return pids
}

// mustTake takes a process, which the test gives back at its end.
func (k *tank) mustTake(t *testing.T) *Process {
	t.Helper()
	p := k.take(t)
	t.Cleanup(func() { k.done(p) })
	return p
}

// take takes a process as soon as there is one.
func (k *tank) take(t *testing.T) (p *Process) {
	t.Helper()
	eventually(t, "there is a process to take", func() bool { p = k.Take(); return p != nil })
	return p
}

// done ends a process that was taken, and frees its slot.
func (k *tank) done(p *Process) {
	p.Stop(KillNow)
	p.Close()
	k.slots.Add(-1)
	k.Wake()
}

func TestPoolHandsOutTheOldestFirst(t *testing.T) {
	t.Parallel()
	k := newTank(t, newLauncher(t, LauncherOptions{}), 0, 3, `echo "$$"; exec cat`)
	k.full(t, 3)
	order := k.pids()
	for i, want := range order {
		p := k.mustTake(t)
		if p.Pid != want {
			t.Errorf("number %d is %d, not %d of %v", i, p.Pid, want, order)
		}
		line, err := bufio.NewReader(p.Stdout).ReadString('\n') // it waited there
		if strings.TrimSpace(line) != strconv.Itoa(p.Pid) || err != nil {
			t.Errorf("its first line is %q, %v", line, err)
		}
		k.full(t, 3) // replaced
	}
	if n := k.slots.Load(); n != 6 {
		t.Errorf("%d slots are in use, want 3 taken and 3 ready", n)
	}
}

// All that a member wrote before it was taken is there, on both pipes.
func TestPoolLosesNoOutput(t *testing.T) {
	t.Parallel()
	script := `i=0; while [ $i -lt 3000 ]; do echo "line $i of many"; echo "$i" >&2; i=$((i+1)); done; exec cat`
	k := newTank(t, newLauncher(t, LauncherOptions{}), 0, 1, script)
	k.full(t, 1)
	p := k.mustTake(t)
	p.Stdin.Close()
	errs := make(chan int)
	go func() {
		text, _ := io.ReadAll(p.Stderr)
		errs <- strings.Count(string(text), "\n")
	}()
	text, err := io.ReadAll(p.Stdout)
	if n := strings.Count(string(text), "\n"); n != 3000 || err != nil {
		t.Errorf("%d lines of stdout, %v", n, err)
	}
	if n := <-errs; n != 3000 {
		t.Errorf("%d lines of stderr", n)
	}
}

// A member killed while it waits is never handed out. It is replaced, its slot is
// freed and the reason is reported.
func TestPoolReplacesTheDead(t *testing.T) {
	t.Parallel()
	k := newTank(t, newLauncher(t, LauncherOptions{}), 2, 2, `echo trouble >&2; sleep 600 & echo up; exec cat`)
	k.full(t, 2)
	dead := k.pids()[0]
	k.mu.Lock()
	bufio.NewReader(k.ready[0].Stdout).ReadString('\n') // its background child runs
	k.mu.Unlock()
	syscall.Kill(dead, syscall.SIGKILL)
	var unused *UnusedError
	if err := <-k.errors; !errors.As(err, &unused) {
		t.Fatal(err)
	}
	if unused.Pid != dead || unused.Ending.Signal != syscall.SIGKILL || string(unused.Stderr) != "trouble\n" || unused.Pause != backoff.DefaultFirst ||
		!strings.Contains(unused.Error(), "signal: SIGKILL") || !strings.Contains(unused.Error(), "100ms") {
		t.Errorf("%v, %q", unused, unused.Stderr)
	}
	eventually(t, "it is replaced", func() bool {
		pids := k.pids()
		return len(pids) == 2 && pids[0] != dead && pids[1] != dead
	})
	if left := members(dead); len(left) > 0 {
		t.Errorf("of its group are left: %v", left)
	}
	if p := k.mustTake(t); p.Pid == dead {
		t.Error("the dead one was handed out")
	}
}

// Members that die at once are replaced with growing pauses.
func TestPoolBacksOff(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "starts")
	k := newTank(t, newLauncher(t, LauncherOptions{}), 0, 2, `echo x >> '`+file+`'; exit 3`)
	var last time.Duration
	for range 8 {
		err := <-k.errors
		var unused *UnusedError
		if !errors.As(err, &unused) || unused.Ending.Code != 3 {
			t.Fatal(err)
		}
		if unused.Pause < last {
			t.Errorf("a pause of %s after one of %s", unused.Pause, last)
		}
		last = unused.Pause
	}
	k.Close()
	starts, _ := os.ReadFile(file)
	// Eight deaths are four rounds of two at least, and at most another round
	// has begun since.
	if n := strings.Count(string(starts), "x"); n > 10 || last < 400*time.Millisecond {
		t.Errorf("%d starts, and the last pause is %s", n, last)
	}
}

// What cannot be started is tried again, with the same pauses.
func TestPoolCannotStart(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "program")
	l := newLauncher(t, LauncherOptions{})
	failed := make(chan error, 100)
	p := l.NewPool(PoolOptions{Spec: Spec{Path: program, Args: []string{program}}, Size: 1, OnError: func(err error) { failed <- err }})
	defer p.Close()
	for _, pause := range []string{"100ms", "200ms"} {
		if err := <-failed; !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), "in "+pause) {
			t.Errorf("%v, want a pause of %s", err, pause)
		}
	}
	if p.Take() != nil {
		t.Error("there is something to take")
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexec cat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var proc *Process
	eventually(t, "it is started after all", func() bool { proc = p.Take(); return proc != nil })
	proc.Stop(KillNow)
	proc.Close()
}

// Without a slot nothing is started, until Wake is called because one is free.
func TestPoolKeepsToItsSlots(t *testing.T) {
	t.Parallel()
	k := newTank(t, newLauncher(t, LauncherOptions{}), 3, 2, `exec cat`)
	taken := []*Process{k.mustTake(t), k.mustTake(t)}
	k.full(t, 1)
	third := k.take(t)
	if p := k.Take(); p != nil || len(k.pids()) > 0 {
		t.Fatalf("a fourth process with three slots: %v", p)
	}
	k.done(third)
	k.full(t, 1)
	if taken[0].Pid == taken[1].Pid {
		t.Error("one process was taken twice")
	}
}

// When the pool has every slot, each caller of Take gets a process as long as there
// is one: also while the pool has the slot but not yet the process.
func TestPoolTakeWaitsForTheOneBeingStarted(t *testing.T) {
	t.Parallel()
	k := newTank(t, newLauncher(t, LauncherOptions{}), 1, 1, `exec cat`)
	k.full(t, 1)
	for range 200 {
		p := k.Take()
		if p == nil {
			t.Fatal("the slot is the pool's, but there is nothing to take")
		}
		k.done(p)
		for k.slots.Load() == 0 { // no longer than that: the process comes after the slot
			runtime.Gosched()
		}
	}
}

// A caller that takes a process that exits at this moment learns of it.
func TestPoolTakerLearnsOfTheExit(t *testing.T) {
	t.Parallel()
	k := newTank(t, newLauncher(t, LauncherOptions{}), 0, 4, `exec cat`)
	var taken sync.WaitGroup
	for range 100 {
		var p *Process
		eventually(t, "there is a process to take", func() bool {
			if pids := k.pids(); len(pids) > 0 {
				go syscall.Kill(pids[0], syscall.SIGKILL)
			}
			p = k.Take()
			return p != nil
		})
		taken.Go(func() {
			exited := make(chan struct{})
			p.OnExit(func() { close(exited) })
			p.Signal(syscall.SIGKILL)
			<-exited
			k.done(p)
		})
	}
	taken.Wait()
}

// Close ends all at once, and by the ladder. The test is not parallel
// to others: its launcher collects every zombie of this process that it does not know.
func TestPoolClose(t *testing.T) {
	k := newTank(t, newLauncher(t, LauncherOptions{Subreaper: true}), 0, 4, trapper)
	k.full(t, 4)
	k.mu.Lock()
	all := slices.Clone(k.ready)
	k.mu.Unlock()
	var pids []int
	for _, m := range all {
		bufio.NewReader(m.Stdout).ReadString('\n') // its traps are set
		pids = append(pids, m.Pid)
	}
	begun := time.Now()
	var closing sync.WaitGroup
	closing.Go(k.Close)
	eventually(t, "all are asked to end", func() bool {
		return !slices.ContainsFunc(all, func(m *member) bool { _, asked := m.Asked(); return !asked })
	})
	for _, pid := range pids {
		if len(members(pid)) == 0 {
			t.Errorf("group %d was ended before another one was asked", pid)
		}
	}
	closing.Wait()
	if took := time.Since(begun); took < 850*time.Millisecond {
		t.Errorf("it took %s, a ladder is 850 ms", took)
	}
	for _, pid := range pids {
		if left := members(pid); len(left) > 0 {
			t.Errorf("of group %d are left: %v", pid, left)
		}
	}
	if k.Take() != nil {
		t.Error("a closed pool gives")
	}
	k.Wake()
	k.Close()
}

// A pool can be closed at any time.
func TestPoolCloseAtAnyTime(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	for i, script := range []string{"exec cat", "exit 1", "exec /no/such/program", "exec cat", "exit 1"} {
		k := newTank(t, l, i%3, 3, script)
		for range i {
			if p := k.Take(); p != nil {
				k.done(p)
			}
		}
		k.Close()
		if n := k.slots.Load(); n != 0 {
			t.Errorf("%s: %d slots are in use", script, n)
		}
	}
	if len(l.procs) != 0 {
		t.Errorf("%d processes are not forgotten", len(l.procs))
	}
}

func TestNilPoolIsEmpty(t *testing.T) {
	t.Parallel()
	var p *Pool
	p.Wake()
	if p.Take() != nil {
		t.Error("it is not")
	}
	p.Close()
}
