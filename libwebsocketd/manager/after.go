package manager

import (
	"context"
	"strings"
	"time"

	"websocketd/libwebsocketd"
)

// patience is how long an instance waits for what it is started after until that is logged.
const patience = 5 * time.Second

// lack is a dependency that is not so now.
type lack struct {
	Dependency
	errored bool   // it will not be so by itself
	state   string // of the program, where that is no promise; else ""
}

// String returns the dependency, and how it stands with it.
func (l lack) String() string {
	if l.state == "" {
		return l.Dependency.String()
	}
	return l.Dependency.String() + ", which " + l.state
}

// awaitAfter waits until everything that the instance is started after is so. It returns false if
// the life ends before. A wait is logged when it becomes long, and when it becomes hopeless.
func (i *instance) awaitAfter(ctx context.Context) bool {
	late := time.NewTimer(patience)
	defer late.Stop()
	told := map[string]bool{}
	for {
		change := i.manager.change() // before the look: no change is missed
		missing := i.manager.missing(i.after())
		i.waitFor(missing)
		if len(missing) == 0 {
			return ctx.Err() == nil
		}
		for _, m := range missing {
			if m.errored && !told[m.Program] {
				told[m.Program] = true
				i.sayWaits(missing)
			}
		}
		select {
		case <-change:
		case <-late.C:
			if len(told) == 0 {
				i.sayWaits(missing)
			}
		case <-ctx.Done():
			return false
		}
	}
}

// waitFor notes what the instance waits for.
func (i *instance) waitFor(missing []lack) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.waits) == 0 && len(missing) > 0 {
		defer i.manager.stir() // clients do not
	}
	i.waits, i.why = nil, ""
	for _, m := range missing {
		i.waits = append(i.waits, m.Dependency.String())
	}
	if len(missing) > 0 {
		i.why = "it waits for " + listed(missing)
	}
}

// sayWaits logs what the instance waits for.
func (i *instance) sayWaits(missing []lack) {
	i.mu.Lock()
	s, name := i.service, i.name
	i.mu.Unlock()
	s.say(libwebsocketd.LevelInfo, "WAITING", "instance", name, "for", listed(missing))
}

// listed returns dependencies for people.
func listed(missing []lack) string {
	words := make([]string, len(missing))
	for n, m := range missing {
		words[n] = m.String()
	}
	return strings.Join(words, "; ")
}

// missing returns which dependencies are not so now.
func (m *Manager) missing(after []Dependency) (missing []lack) {
	for _, d := range after {
		if l, is := m.lacks(d); is {
			missing = append(missing, l)
		}
	}
	return missing
}

// lacks reports whether a dependency is not so now, of some instance.
func (m *Manager) lacks(d Dependency) (l lack, is bool) {
	m.mu.Lock()
	s := m.services[d.Program]
	m.mu.Unlock()
	l = lack{Dependency: d}
	if s == nil {
		l.state = "is no program of this server"
		return l, true
	}
	all := s.infos()
	for n := range all {
		about := &all[n]
		if about.is(d.Condition) {
			continue
		}
		is = true
		switch {
		case about.Status == Errored:
			l.errored, l.state = true, "is errored"
		case about.Status == Stopped && !l.errored:
			l.state = "is stopped"
		}
	}
	return l, is || len(all) == 0
}

// is reports whether a condition holds for the instance.
func (i *Info) is(c Condition) bool {
	switch c {
	case Started:
		return i.Pid != 0
	case Healthy:
		return i.Status == Online && i.Health == HealthHealthy
	case Completed:
		return i.completed
	}
	return i.Status == Online && i.Pid != 0
}
