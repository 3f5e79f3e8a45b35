package manager

import (
	"context"
	"slices"
)

// awaitEnd ends every instance when the server goes away: a program before those that it was
// started after.
func (m *Manager) awaitEnd(server context.Context) {
	<-server.Done()
	m.mu.Lock()
	m.over = true
	m.mu.Unlock()
	cause := context.Cause(server)
	all := m.all()
	for len(all) > 0 {
		last := leaves(all)
		var of []*instance
		for _, s := range last {
			of = append(of, s.list()...)
		}
		for _, i := range of {
			i.goAway(cause)
		}
		each(of, func(i *instance) error { return i.awaitEnd(context.Background()) })
		all = slices.DeleteFunc(all, func(s *service) bool { return slices.Contains(last, s) })
	}
}

// leaves returns those services that no other one of them is started after; all, if there is none.
func leaves(all []*service) []*service {
	needed := map[string]bool{}
	for _, s := range all {
		for _, d := range s.app.After {
			needed[d.Program] = true
		}
	}
	last := slices.DeleteFunc(slices.Clone(all), func(s *service) bool { return needed[s.name] })
	if len(last) == 0 {
		return all
	}
	return last
}
