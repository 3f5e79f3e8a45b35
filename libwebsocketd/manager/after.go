package manager

import "context"

// awaitAfter waits until everything that the instance is started after is so. It returns false if
// the life ends before.
func (i *instance) awaitAfter(ctx context.Context) bool {
	for {
		change := i.manager.change()
		i.mu.Lock()
		i.waits = i.manager.missing(i.service.app.After)
		waits := len(i.waits) > 0
		i.mu.Unlock()
		if !waits {
			return ctx.Err() == nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return false
		}
	}
}

// missing returns which dependencies are not so now.
func (m *Manager) missing(after []Dependency) (missing []string) {
	for _, d := range after {
		if !m.isSo(d) {
			missing = append(missing, d.String())
		}
	}
	return missing
}

// isSo reports whether a dependency is so now, of every instance.
func (m *Manager) isSo(d Dependency) bool {
	m.mu.Lock()
	s := m.services[d.Program]
	m.mu.Unlock()
	if s == nil {
		return false
	}
	for _, about := range s.infos() {
		if !about.is(d.Condition) {
			return false
		}
	}
	return true
}

// is reports whether a condition holds for the instance.
func (i *Info) is(c Condition) bool {
	switch c {
	case Started:
		return i.Pid != 0
	case Healthy:
		return i.Status == Online && i.Health == HealthHealthy
	case Completed:
		return i.Status == Stopped && i.Exit != nil && *i.Exit == 0
	}
	return i.Status == Online
}
