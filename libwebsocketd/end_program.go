package libwebsocketd

import (
	"slices"
	"weak"

	"websocketd/libwebsocketd/bridge"
)

// Ender is a Supervisor that can end what it keeps.
type Ender interface {
	// End asks every process to end by the ladder, and lets none follow it. It returns how
	// many there were. It does not wait, and may be called at any time, also after Retire. A
	// client that comes later gets a process as if none had been there.
	End() (ended int)
}

// EndProgram ends what runs for the clients of a program, also of the one that Reload has
// replaced by it: "" is the Config's own. A Supervisor that is an Ender ends what it keeps;
// other conversations, and those with a process of their own, are closed with 1008. It returns
// how many processes and conversations there were, and whether there is such a program, or
// something of it ran. It does not wait. Processes that were started ahead stay, and so do CGI
// scripts. It may be called at any time.
func (s *Server) EndProgram(name string) (ended int, known bool) {
	for _, p := range s.routes.Load().programs {
		known = known || p.Name == name
	}
	for _, keeps := range s.enders(name) {
		ended += keeps.End()
	}
	ended += s.kick(func(x *session) bool { return x.endsWith(name) },
		&bridge.RefusedError{Code: bridge.ClosePolicyViolation, Reason: "ended by the operator"})
	return ended, known || ended > 0
}

// enders returns the Supervisors of a program that are Enders, of those that are replaced too.
func (s *programs) enders(name string) (all []Ender) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	programs := slices.Clone(s.routes.Load().programs)
	for _, old := range s.retired {
		if p := old.Value(); p != nil {
			programs = append(programs, p)
		}
	}
	for _, p := range programs {
		if keeps, ok := p.supervisor.(Ender); ok && p.Name == name {
			all = append(all, keeps)
		}
	}
	return all
}

// endsWith reports whether the conversation ends when everything of a program does, and is not
// told so by a Supervisor. life.mu is held.
func (x *session) endsWith(name string) bool {
	if x.with == nil || x.with.Name != name {
		return false
	}
	_, told := x.with.supervisor.(Ender)
	return !told || x.about.Pid != 0
}

// kick tells the clients of matching conversations, whose process is then ended by the ladder,
// and returns how many those are. It does not wait.
func (l *life) kick(matches func(*session) bool, cause error) (kicked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for x := range l.sessions {
		if matches(x) {
			kicked++
			l.running.Go(func() { x.client.CloseSend(cause) }) // which may wait for a write in progress
		}
	}
	return kicked
}

// noteRetired notes a program that Reload has replaced, for as long as something of it runs: that
// holds it. reloading is held.
func (s *programs) noteRetired(p *program) {
	s.retired = slices.DeleteFunc(s.retired, func(old weak.Pointer[program]) bool { return old.Value() == nil })
	if _, ok := p.supervisor.(Ender); ok {
		s.retired = append(s.retired, weak.Make(p))
	}
}
