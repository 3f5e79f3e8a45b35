//go:build linux

package process

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"websocketd/libwebsocketd/internal/testkit"
)

func TestEnding(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	for script, want := range map[string]string{
		"exit 0":        "exit status 0",
		"exit 3":        "exit status 3",
		"exit 255":      "exit status 255",
		"kill -TERM $$": "signal: SIGTERM",
		"kill -KILL $$": "signal: SIGKILL",
		"kill -USR1 $$": "signal: SIGUSR1",
	} {
		p := begin(t, l, sh(script))
		if got := p.Ending().String(); got != "ending unknown" {
			t.Errorf("%s: before it is collected: %s", script, got)
		}
		if got := p.Reap().String(); got != want {
			t.Errorf("%s: %s, want %s", script, got, want)
		}
		if err := p.Close(); err != nil {
			t.Errorf("%s: %v", script, err)
		}
	}
}

func TestStartTellsWhy(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	plain := t.TempDir() + "/plain"
	os.WriteFile(plain, []byte("no program\n"), 0o644)
	noformat := t.TempDir() + "/noformat"
	os.WriteFile(noformat, []byte("no program\n"), 0o755)
	for path, want := range map[string]error{
		"/no/such/program": fs.ErrNotExist,
		plain:              fs.ErrPermission,
		noformat:           syscall.ENOEXEC,
	} {
		if _, err := l.Start(Spec{Path: path, Args: []string{path}}); !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if _, err := l.Start(Spec{Path: "/bin/sh", Args: []string{"sh"}, Env: []string{"A=" + strings.Repeat("x", 200<<10)}}); !errors.Is(err, syscall.E2BIG) {
		t.Errorf("a long variable: %v", err)
	}
}

// The children's own ends must block: most programs do not expect EAGAIN.
func TestChildDescriptorsBlock(t *testing.T) {
	t.Parallel()
	if err := SealDescriptors(); err != nil {
		t.Skip(err)
	}
	l := newLauncher(t, LauncherOptions{})
	p := begin(t, l, sh(`for i in 0 1 2; do grep flags /proc/$$/fdinfo/$i; done; cd /proc/$$/fd; echo *`))
	out, err := io.ReadAll(p.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(out))
	if len(fields) != 10 || !slices.Equal(fields[6:], []string{"0", "1", "2", "3"}) {
		t.Fatalf("output %q, want three times flags, descriptors 0 1 2, and 3 that reads the directory", out)
	}
	for _, flags := range []string{fields[1], fields[3], fields[5]} {
		var bits int
		fmt.Sscanf(flags, "%o", &bits)
		if bits&syscall.O_NONBLOCK != 0 {
			t.Errorf("a descriptor does not block: %s", out)
		}
	}
}

// trapper prints every signal it gets and goes on.
const trapper = `for s in INT TERM; do trap "echo $s" $s; done; echo ready; while read line; do :; done; echo EOF; while :; do sleep 0.01; done`

func TestLadder(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	p := begin(t, l, sh(trapper))
	out := bufio.NewReader(p.Stdout)
	out.ReadString('\n')
	started := time.Now()
	if err := p.Stop(DefaultLadder(0)); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	rest, _ := io.ReadAll(out)
	if got := strings.Fields(string(rest)); !slices.Equal(got, []string{"EOF", "INT", "TERM"}) {
		t.Errorf("it met %v", got)
	}
	if took < 850*time.Millisecond {
		t.Errorf("killed after %s, before the ladder's 850 ms", took)
	}
	if got := p.Reap(); got.Signal != syscall.SIGKILL {
		t.Errorf("ending: %s", got)
	}
	if action, _ := p.Asked(); action != Kill {
		t.Errorf("last asked by %s", action)
	}
}

func TestStrongerStopShortens(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	p := begin(t, l, sh(trapper))
	out := bufio.NewReader(p.Stdout)
	out.ReadString('\n')
	stopped := make(chan error)
	go func() { stopped <- p.Stop(DefaultLadder(time.Hour)) }()
	if line, _ := out.ReadString('\n'); line != "EOF\n" {
		t.Fatalf("it met %q", line)
	}
	if err := p.Stop(KillNow); err != nil {
		t.Error(err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestScheduleMergesTheEarlierTime(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var s schedule
	s.merge(DefaultLadder(0), now)
	s.merge(Ladder{{Interrupt, time.Minute}, {Kill, 0}}, now.Add(200*time.Millisecond))
	for action, want := range map[Action]time.Duration{
		CloseStdin: 0,
		Interrupt:  100 * time.Millisecond, // not 200: never later
		Terminate:  350 * time.Millisecond,
		Kill:       850 * time.Millisecond,
	} {
		if got := s[action].Sub(now); got != want {
			t.Errorf("%s is due after %s, want %s", action, got, want)
		}
	}
	s.merge(KillNow, now)
	if got := s[Kill].Sub(now); got != 0 {
		t.Errorf("SIGKILL is due after %s, want now", got)
	}
}

// This test is not parallel to others: the command's launcher collects every zombie of
// this process that it does not know.
func TestWholeGroupIsGone(t *testing.T) {
	for name, o := range map[string]LauncherOptions{"library": {}, "command": {Guard: true, Subreaper: true}} {
		t.Run(name, func(t *testing.T) {
			l := newLauncher(t, o)
			p := begin(t, l, sh(`(trap "" INT TERM HUP; sleep 600) & (sleep 600 >/dev/null 2>&1 &) ; echo ready`))
			bufio.NewReader(p.Stdout).ReadString('\n')
			if err := p.Stop(DefaultLadder(0)); err != nil {
				t.Fatal(err)
			}
			err := p.Close() // a library depends on init to collect orphans, and on nothing else
			if o.Subreaper && err != nil {
				t.Fatal(err)
			}
			if left := members(p.Pid); len(left) > 0 {
				t.Errorf("of the group are left: %v", left)
			}
			if p.Signal(syscall.SIGKILL) == nil {
				t.Error("a group that is gone can still be signalled")
			}
		})
	}
}

func TestStderr(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	script := "echo out; echo err >&2; echo out"
	spec := sh(script)
	p := begin(t, l, spec)
	if err, _ := io.ReadAll(p.Stderr); string(err) != "err\n" {
		t.Errorf("its own pipe: %q", err)
	}
	spec.Stderr = StderrStdout
	p = begin(t, l, spec)
	if out, _ := io.ReadAll(p.Stdout); string(out) != "out\nerr\nout\n" {
		t.Errorf("merged: %q", out)
	}
	spec.Stderr = StderrNowhere
	p = begin(t, l, spec)
	if out, _ := io.ReadAll(p.Stdout); string(out) != "out\nout\n" || p.Stderr != nil {
		t.Errorf("discarded: %q", out)
	}
}

func TestClosedLauncherStartsNothing(t *testing.T) {
	t.Parallel()
	l, err := NewLauncher(LauncherOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := l.Start(sh("exit")); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	results := make(chan error)
	const n = 100
	for i := range n {
		go func() {
			p, err := l.Start(sh(fmt.Sprintf("exit %d", i)))
			if err == nil {
				if got := p.Reap().Code; got != i {
					err = fmt.Errorf("exit %d became %d", i, got)
				}
				err = errors.Join(err, p.Close())
			}
			results <- err
		}()
	}
	for range n {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if len(l.procs) != 0 {
		t.Errorf("%d processes are not forgotten", len(l.procs))
	}
}

// A wait is extended for a process that others keep from running: here one with the
// lowest priority, and another that takes the whole processor.
func TestGraceOfTheStarved(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	starved, hog := begin(t, l, sh("while :; do :; done")), begin(t, l, sh("while :; do :; done"))
	testkit.Starve(t, starved.Pid, hog.Pid)
	began := time.Now()
	starved.Stop(DefaultLadder(0))
	if took := time.Since(began); took < 350*time.Millisecond+2*mostGrace/3 {
		t.Errorf("it was ended within %s, and never ran", took)
	}
}

// A process that has exited is not given up because its exit is seen late. This test
// is not parallel to others either.
func TestLateSightOfAnExit(t *testing.T) {
	p := begin(t, newLauncher(t, LauncherOptions{}), sh("exit 0"))
	<-p.Exited()
	late := &Process{
		Pid: p.Pid, proc: p.proc, launcher: p.launcher, Stdin: p.Stdin,
		exited: make(chan struct{}), stopped: make(chan struct{}), kick: make(chan struct{}, 1),
	}
	time.AfterFunc(killWait+500*time.Millisecond, func() { close(late.exited) })
	if err := late.Stop(KillNow); err != nil {
		t.Error(err)
	}
}

// No wait is extended for a process that sleeps.
func TestNoGraceForSleepers(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, LauncherOptions{})
	grace := begin(t, l, sh("exec sleep 600")).Grace()
	eventually(t, "it sleeps, and gets no more time", func() bool { return grace.More() == 0 })
}

// An action that is late delays those after it by as much.
func TestScheduleDelay(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var s schedule
	s.merge(DefaultLadder(0), now)
	done := [numActions]bool{CloseStdin: true}
	s.delay(&done, time.Minute)
	if got := s[Interrupt].Sub(now); got != time.Minute+100*time.Millisecond {
		t.Errorf("SIGINT is due after %s", got)
	}
	if got := s[Kill].Sub(now); got != time.Minute+850*time.Millisecond {
		t.Errorf("SIGKILL is due after %s", got)
	}
}
