package manager

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// fakeChild is a process that a test plays.
type fakeChild struct {
	program string
	pid     int
	env     []string
	tap     stdio.Tap
	grace   time.Duration // how long it takes to end when it is asked to
	ends    chan error
	stop    sync.Once
	asked   sync.Once
	leaving sync.WaitGroup
	left    func()
	exited  chan struct{} // closed at its end
}

func (c *fakeChild) Pid() int                                  { return c.pid }
func (c *fakeChild) Exited() <-chan struct{}                   { return c.exited }
func (c *fakeChild) CloseSend(error) error                     { return nil }
func (c *fakeChild) Context() context.Context                  { return context.Background() }
func (c *fakeChild) Send([]libwebsocketd.Message) error        { return nil }
func (c *fakeChild) CloseBy(process.Ladder) error              { return c.Close() }
func (c *fakeChild) Receive() ([]libwebsocketd.Message, error) { return nil, <-c.ends }

// Close ends it as the ladder would, and returns when it is gone.
func (c *fakeChild) Close() error {
	c.asked.Do(func() {
		c.leaving.Go(func() {
			time.Sleep(c.grace)
			c.end(process.Ending{Code: -1, Signal: 15})
		})
	})
	c.leaving.Wait()
	return nil
}

// end is the process's own end.
func (c *fakeChild) end(how process.Ending) {
	c.stop.Do(func() {
		c.left()
		c.tap.Ended(how)
		c.ends <- &libwebsocketd.EndedError{Ending: how}
		close(c.ends)
		close(c.exited)
	})
}

// play is a fixture whose processes the test plays, in a bubble with a clock of its own.
type play struct {
	*fixture
	log   *syncBuffer
	begun chan struct{}                     // the Begun of the server, nil unless programs sets it
	serve func(begun <-chan struct{}) *play // another server with the same programs: see libwebsocketd.Config.Begun
	grace time.Duration                     // of processes that start from now on

	mu      sync.Mutex
	running []*fakeChild
	started int
	refuse  string             // why none can be started; "" is for nothing
	startup func(c *fakeChild) // called with each that starts; may be nil
	most    map[string]int     // how many of a program have run at once
}

// syncBuffer is a log that is written and read at once.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// with returns the lines with a word.
func (b *syncBuffer) with(word string) (found []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.b.String()) {
		if strings.Contains(line, word) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// inPlay plays programs, by name, in a bubble. When act returns, the server goes away, and
// nothing may be left.
func inPlay(t *testing.T, programs func(p *play) []libwebsocketd.Program, act func(t *testing.T, p *play)) {
	t.Helper()
	launcher, err := process.NewLauncher(process.LauncherOptions{}) // starts nothing here, and is not of the bubble
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { launcher.Close() })
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, programs, launcher, nil)
		synctest.Wait()
		act(t, p)
		p.end()
	})
}

// newPlay returns a play of programs. The caller calls end.
func newPlay(t *testing.T, programs func(p *play) []libwebsocketd.Program, launcher *process.Launcher, begun <-chan struct{}) *play {
	t.Helper()
	p := &play{log: &syncBuffer{}, most: map[string]int{}}
	log := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: libwebsocketd.LevelTrace}))
	p.fixture = &fixture{Manager: New(Options{Log: log}), t: t, more: make(chan struct{})}
	p.Manager.startChild = p.start
	p.serve = func(begun <-chan struct{}) *play { return newPlay(t, programs, launcher, begun) }
	p.Notify(p.hear)
	all := programs(p)
	if p.begun != nil {
		begun = p.begun
	}
	server, err := libwebsocketd.New(libwebsocketd.Config{Programs: all, Launcher: launcher, Logger: log, Begun: begun})
	if err != nil {
		t.Fatal(err)
	}
	p.Server = server
	p.Steer(server)
	return p
}

// end ends the server: nothing may be left.
func (p *play) end() {
	p.t.Helper()
	if err := p.Server.Shutdown(context.Background()); err != nil {
		p.t.Error(err)
	}
	if left := p.all(""); len(left) > 0 {
		p.t.Errorf("%d processes are left", len(left))
	}
}

// start starts a process.
func (p *play) start(runtime *libwebsocketd.Runtime, o libwebsocketd.Start) (child, *gate.Refusal) {
	p.mu.Lock()
	if p.refuse != "" {
		defer p.mu.Unlock()
		return nil, &gate.Refusal{Status: 503, Reason: p.refuse}
	}
	p.started++
	c := &fakeChild{
		program: runtime.Program().Name, pid: 1000 + p.started, env: o.Env, tap: o.Tap, grace: p.grace, ends: make(chan error, 1), exited: make(chan struct{}),
	}
	c.left = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running = slices.DeleteFunc(p.running, func(other *fakeChild) bool { return other == c })
	}
	p.running = append(p.running, c)
	n := 0
	for _, other := range p.running {
		if other.program == c.program {
			n++
		}
	}
	p.most[c.program] = max(p.most[c.program], n)
	startup := p.startup
	p.mu.Unlock()
	if startup != nil {
		startup(c)
	}
	return c, nil
}

// with changes what the play does.
func (p *play) with(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// starts returns how many processes were started.
func (p *play) starts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started
}

// all returns the processes of a program that run now, in the order of their start; "" is all.
func (p *play) all(program string) (all []*fakeChild) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.running {
		if program == "" || c.program == program {
			all = append(all, c)
		}
	}
	return all
}

// newest returns the process of a program that was started last.
func (p *play) newest(program string) *fakeChild {
	p.t.Helper()
	all := p.all(program)
	if len(all) == 0 {
		p.t.Fatalf("no process of %s runs", program)
	}
	return all[len(all)-1]
}

// told waits until nothing moves without the clock, and returns the events since the last call.
func (p *play) told() string {
	synctest.Wait()
	p.fixture.mu.Lock()
	defer p.fixture.mu.Unlock()
	told := strings.Join(p.fixture.told, ", ")
	p.fixture.told = nil
	return told
}

// expect expects these events since the last look.
func (p *play) expect(want string) {
	p.t.Helper()
	if got := p.told(); got != want {
		p.t.Errorf("got  %s\nwant %s", got, want)
	}
}

// program returns a supervised program.
func (p *play) program(name string, app App, after ...Dependency) libwebsocketd.Program {
	app.After = after
	return p.script(name, "true", app)
}

// alone is a play of program a.
func alone(t *testing.T, app App, act func(t *testing.T, p *play)) {
	t.Helper()
	inPlay(t, func(p *play) []libwebsocketd.Program { return []libwebsocketd.Program{p.program("a", app)} }, act)
}

func exits(code int) process.Ending { return process.Ending{Code: code} }

func (p *play) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Error(err)
	}
}

// fails expects an error with these words.
func (p *play) fails(err error, want string) {
	p.t.Helper()
	if got := fmt.Sprint(err); !strings.Contains(got, want) {
		p.t.Errorf("got %s, want %s", got, want)
	}
}
