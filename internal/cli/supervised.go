package cli

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/manager"
)

// superviseWith returns the Manager of the programs.
func superviseWith(log *slog.Logger, programs []libwebsocketd.Program) *manager.Manager {
	m := manager.New(manager.Options{Log: log})
	manage(programs, m)
	return m
}

// manage makes m the Manager of those programs that are supervised.
func manage(programs []libwebsocketd.Program, m *manager.Manager) {
	for i := range programs {
		if life, ok := programs[i].Lifetime.(manager.Lifetime); ok {
			life.Manager = m
			programs[i].Lifetime = life
		}
	}
}

// checkKept adds the faults of a supervised program that concern more than one key or program, and
// reports whether it has none, neither of others.
func (w *options) checkKept(p *fileProgram, program *libwebsocketd.Program, ok bool) bool {
	life, kept := program.Lifetime.(manager.Lifetime)
	if !kept || !ok {
		return ok
	}
	if err := life.Check(program); err != nil {
		w.file.faults.add(p.posOf("port"), "program %s: %v", p.name, err)
		return false
	}
	return true
}

// checkAfter adds the faults of what programs are started after.
func (w *options) checkAfter() {
	var programs []libwebsocketd.Program
	for _, p := range w.file.programs {
		program := libwebsocketd.Program{Name: p.name}
		if p.lifetime == lifeSupervised {
			program.Lifetime = manager.Lifetime{App: p.app}
		}
		programs = append(programs, program)
	}
	all, _ := manager.CheckAll(programs).(interface{ Unwrap() []error })
	if all == nil {
		return
	}
	for _, err := range all.Unwrap() {
		if pos, hint, ok := w.file.placeOf(err.Error()); ok {
			w.file.faults.add(pos, "%v%s", err, hint)
		}
	}
}

// placeOf returns where a fault of CheckAll is, and which name may have been meant. It is not ok if
// it is only the consequence of another fault.
func (c *configFile) placeOf(message string) (pos position, hint string, ok bool) {
	for _, p := range c.programs {
		if strings.HasPrefix(message, fmt.Sprintf("program %q: its instance ", p.name)) {
			return p.posOf("instances"), "", true
		}
		for i, d := range p.app.After {
			if !strings.HasPrefix(message, fmt.Sprintf("program %q: after has %q: ", p.name, d)) {
				continue
			}
			on := c.programOf(d.Program)
			if on != nil && (on.broken["lifetime"] || on.broken["health"] || on.broken["health_check"] || on.broken["autorestart"]) {
				return pos, "", false
			}
			if on == nil {
				hint = c.meant(d.Program)
			}
			return p.afterAt[i], hint, true
		}
		if strings.Contains(message, "(after): "+p.name+" -> ") {
			return p.posOf("after"), "", true
		}
	}
	return position{line: 1}, "", true
}

// programOf returns the program of a name, or nil.
func (c *configFile) programOf(name string) *fileProgram {
	i := slices.IndexFunc(c.programs, func(p *fileProgram) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return c.programs[i]
}

// meant returns a question that suggests a program for an unknown name, or "".
func (c *configFile) meant(name string) string {
	var names []string
	for _, p := range c.programs {
		names = append(names, p.name)
	}
	if like := nearest(name, names); like != "" {
		return "; did you mean " + strconv.Quote(like) + "?"
	}
	return ""
}

// grace returns how long the supervised programs may take to end, if each one has to wait for
// another that was started after it.
func grace(programs []libwebsocketd.Program) (all time.Duration) {
	for _, p := range programs {
		if life, ok := p.Lifetime.(manager.Lifetime); ok {
			all += min(cmp.Or(life.KillTimeout, manager.DefaultKillTimeout), time.Hour)
		}
	}
	return all
}
