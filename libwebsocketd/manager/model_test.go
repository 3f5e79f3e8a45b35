package manager

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// legal is which status may follow which.
var legal = map[Status][]Status{
	Stopped:    {Starting},
	Errored:    {Starting},
	Starting:   {Online, Restarting, Stopping, Stopped, Errored},
	Online:     {Stopping, Stopped, Errored, Restarting},
	Restarting: {Starting, Online, Stopping, Stopped, Errored},
	Stopping:   {Starting, Stopped, Restarting, Errored}, // the last two: a restart by hand of what could not be started, or was failing
}

// deed is one step of an actor.
type deed struct {
	what    string
	program string
	number  int
}

func (d deed) String() string { return fmt.Sprintf("%s %s %d", d.what, d.program, d.number) }

var deeds = rapid.Custom(func(t *rapid.T) deed {
	return deed{
		what: rapid.SampledFrom([]string{
			"start", "stop", "restart", "reload", "scale", "end", "crash", "crash", "exit", "ready", "ready", "fail", "sleep", "settings", "refuse", "allow",
		}).Draw(t, "what"),
		program: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "program"),
		number:  rapid.IntRange(1, 3).Draw(t, "number"),
	}
})

// model is a play in which several act at once.
type model struct {
	*play
	mu     sync.Mutex
	last   map[int]Status // by instance
	faults []string
}

func (m *model) fault(format string, about ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = append(m.faults, fmt.Sprintf(format, about...))
}

// programs returns what is served, with some variant of the settings.
func (m *model) programs(variant int) []libwebsocketd.Program {
	most := time.Duration(variant) * time.Second
	return []libwebsocketd.Program{
		m.program("a", App{MinUptime: most, MaxRestarts: 3}),
		m.program("b", App{Instances: variant, MinUptime: most}, Dependency{"a", ReadyTo}),
		m.program("c", App{NoRestart: true, History: 1000 * variant}),
		m.program("d", App{Ready: &Ready{Line: "up", Timeout: 20 * most}, MaxRestarts: 2}, Dependency{"b", Started}),
	}
}

// hear looks whether an event may follow those before.
func (m *model) hear(e Event) {
	if e.Status == nil {
		return
	}
	m.mu.Lock()
	before, known := m.last[e.Info.ID]
	m.last[e.Info.ID] = e.Info.Status
	m.mu.Unlock()
	if !known {
		before = Stopped
	}
	if e.Status.Previous != before || !slices.Contains(legal[before], e.Info.Status) {
		m.fault("%s: %s comes after %s, and says after %s", e.Info.Name, e.Info.Status, before, e.Status.Previous)
	}
	if (e.Info.Status == Stopped || e.Info.Status == Errored) && e.Info.Pid != 0 {
		m.fault("%s is %s with process %d", e.Info.Name, e.Info.Status, e.Info.Pid)
	}
}

// starts looks whether a process may start: besides the one before only in a reload.
func (m *model) startsOne(c *fakeChild) {
	index := ""
	for _, entry := range c.env {
		if value, is := strings.CutPrefix(entry, "PM2_INSTANCE_ID="); is {
			index = value
		}
	}
	n := 0
	for _, other := range m.all(c.program) {
		if slices.Contains(other.env, "PM2_INSTANCE_ID="+index) {
			n++
		}
	}
	var status Status
	all, _ := m.Find(c.program)
	for _, about := range all {
		if fmt.Sprint(about.Instance) == index {
			status = about.Status
		}
	}
	if n > 2 || n == 2 && status == Starting {
		m.fault("%s %s: %d processes while it is %s", c.program, index, n, status)
	}
}

// do does a deed.
func (m *model) do(d deed) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	switch d.what {
	case "start":
		m.Start(ctx, d.program)
	case "stop":
		m.Stop(ctx, d.program)
	case "restart":
		m.Restart(ctx, d.program)
	case "reload":
		m.Manager.Reload(ctx, d.program)
	case "scale":
		m.Scale(ctx, d.program, d.number)
	case "end":
		m.Server.EndProgram(d.program)
	case "settings":
		m.must(m.Server.Reload(m.programs(d.number)))
	case "sleep":
		time.Sleep(time.Duration(d.number*d.number) * 700 * time.Millisecond)
	case "refuse":
		m.with(func() { m.refuse = "no such file" })
	case "allow":
		m.with(func() { m.refuse = "" })
	case "fail":
		s, _, _ := m.find(d.program)
		for _, i := range s.list() {
			i.mu.Lock()
			r := i.run
			i.mu.Unlock()
			if r != nil {
				r.fail(EventHealthCheckFailed, "it is ill")
			}
		}
	default:
		m.act(d)
	}
}

// act lets a process do something, the one that was started as the number says.
func (m *model) act(d deed) {
	all := m.all(d.program)
	if len(all) == 0 {
		return
	}
	switch c := all[d.number%len(all)]; d.what {
	case "crash":
		c.end(process.Ending{Code: -1, Signal: 9})
	case "exit":
		c.end(exits(0))
	case "ready":
		c.tap.Stderr([]byte("up"))
	}
}

// settled looks whether what is told of each instance is so.
func (m *model) settled() {
	synctest.Wait()
	for _, about := range m.List() {
		n := 0
		for _, c := range m.all(about.Program) {
			if slices.Contains(c.env, fmt.Sprint("PM2_INSTANCE_ID=", about.Instance)) {
				if n++; about.Pid != c.pid {
					m.fault("%s: process %d runs, %d is told", about.Name, c.pid, about.Pid)
				}
			}
		}
		want := 1
		switch {
		case about.Status == Stopped, about.Status == Errored, len(about.Waits) > 0:
			want = 0
		case about.Status != Online && about.Status != Starting && about.Status != Restarting:
			m.fault("%s has settled as %s", about.Name, about.Status)
		case about.Status != Online: // it gets ready, or is about to be started
			want = n
		}
		if n != want {
			m.fault("%s is %s, and has %d processes", about.Name, about.Status, n)
		}
	}
}

// TestModel: whatever several do at once, statuses follow each other as they may, no instance has
// more processes than one but in a reload, and what is told at the end is so. A stop stops
// everything.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		actors := rapid.SliceOfN(rapid.SliceOfN(deeds, 1, 12), 1, 4).Draw(rt, "actors")
		var m *model
		inPlay(t, func(p *play) []libwebsocketd.Program {
			m = &model{play: p, last: map[int]Status{}}
			p.Notify(m.hear)
			p.grace, p.startup = 300*time.Millisecond, m.startsOne
			return m.programs(1)
		}, func(t *testing.T, p *play) {
			var acting sync.WaitGroup
			for _, actor := range actors {
				acting.Go(func() {
					for _, d := range actor {
						m.do(d)
					}
				})
			}
			acting.Wait()
			p.with(func() { p.refuse = "" })
			time.Sleep(5 * time.Minute)
			m.settled()
			for _, program := range []string{"d", "a", "b", "c"} {
				m.must(p.Stop(context.Background(), program))
				if len(p.all(program)) > 0 {
					m.fault("%s is stopped, and runs", program)
				}
			}
		})
		if len(m.faults) > 0 {
			rt.Fatalf("%s", strings.Join(m.faults, "\n"))
		}
	})
}
