package manager

import (
	"context"
	"log/slog"
	"reflect"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// service is one supervised program with its settings. It is the Supervisor of the program, until
// Reload of the server puts another one in its place.
type service struct {
	manager *Manager
	runtime *libwebsocketd.Runtime
	app     App // complete
	life    shared.Lifetime
	name    string
	retired chan struct{} // closed by Retire
	*fleet
}

var _ libwebsocketd.Ender = (*service)(nil)

// serve makes s the service of its program. Instances of one before are its own, and reloaded.
func (m *Manager) serve(s *service) libwebsocketd.Supervisor {
	s.fleet = newFleet(s)
	m.mu.Lock()
	before := m.services[s.name]
	if before != nil {
		s.fleet = before.fleet
	}
	m.services[s.name] = s
	m.mu.Unlock()
	if s.app.Watch {
		s.watch()
	}
	if s.app.Every > 0 {
		s.runtime.Go(s.repeat)
	}
	m.ending.Do(func() { s.runtime.Go(func() { m.awaitEnd(s.runtime.Context()) }) })
	if before != nil {
		s.follow(s)
		m.stir() // what it is started after may be another thing now
		s.runtime.Go(s.takeOver)
		return s
	}
	if !s.runtime.IsBegun() {
		s.runtime.Go(s.beginAll)
		return s
	}
	defer s.release()
	defer s.complete()
	for _, i := range s.grow(s.app.Instances) {
		i.begin()
	}
	return s
}

// takeOver gives the instances of an earlier service the settings of this one: those that run are
// reloaded, those that are errored try again, and those that were stopped stay so.
func (s *service) takeOver() {
	ctx := s.runtime.Context()
	if s.take(ctx) != nil {
		return
	}
	defer s.release()
	if s.newest() != s {
		return // there is a newer one already
	}
	err := s.renew(ctx)
	if err == nil {
		_, err = s.resize(ctx, s.app.Instances, s.isWanted())
	}
	if err != nil && ctx.Err() == nil {
		s.say(libwebsocketd.LevelError, "not reloaded: "+err.Error())
	}
}

// renew gives the instances that run, or are errored, processes with the settings of s. It does not
// wait for those that wait for another program.
func (s *service) renew(ctx context.Context) error {
	for _, i := range s.list() {
		switch {
		case i.isBehind(s):
			if err := i.reload(ctx, s); err != nil {
				return err
			}
		case i.info().Status == Errored:
			i.begin()
		}
	}
	return nil
}

// isWanted reports whether any instance lives.
func (s *service) isWanted() bool {
	for _, i := range s.list() {
		if i.isUp() {
			return true
		}
	}
	return false
}

// fits reports whether a hub of another service suits the settings of this one.
func (s *service) fits(other *service) bool {
	p, q := s.runtime.Program(), other.runtime.Program()
	return reflect.DeepEqual(s.life, other.life) && shared.Notes(p) == shared.Notes(q) && p.Pieces() == q.Pieces()
}

// Retire stops the instances of a program that is served no more.
func (s *service) Retire() {
	close(s.retired)
	m := s.manager
	m.mu.Lock()
	gone := m.services[s.name] == s
	if gone {
		delete(m.services, s.name)
	}
	m.mu.Unlock()
	if gone {
		s.leave()
		s.End()
		m.stir()
	}
}

// End stops the program, as Stop does.
func (s *service) End() (ended int) {
	for _, i := range s.list() {
		if i.halt() {
			ended++
		}
	}
	return ended
}

func (s *service) infos() []Info {
	var all []Info
	for _, i := range s.list() {
		all = append(all, i.info())
	}
	return all
}

// say logs what happens to the program.
func (s *service) say(level slog.Level, what string, about ...any) {
	s.runtime.Log().Log(context.Background(), level, what, append(about, libwebsocketd.CategoryKey, category)...)
}
