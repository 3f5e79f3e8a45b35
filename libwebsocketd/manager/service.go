package manager

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// service is one supervised program with its instances. It is the Supervisor of the program.
type service struct {
	manager *Manager
	runtime *libwebsocketd.Runtime
	app     App // complete
	life    shared.Lifetime
	name    string
	turn    chan struct{} // full while an operation is done

	mu        sync.Mutex
	instances []*instance
}

var _ libwebsocketd.Ender = (*service)(nil)

// serve makes s the service of its program. Instances of one before are its own, and reloaded.
func (m *Manager) serve(s *service) libwebsocketd.Supervisor {
	m.mu.Lock()
	before := m.services[s.name]
	m.services[s.name] = s
	m.mu.Unlock()
	m.ending.Do(func() { s.runtime.Go(func() { m.awaitEnd(s.runtime.Context()) }) })
	if before != nil {
		s.runtime.Go(func() { s.takeOver(before) })
		return s
	}
	s.grow(s.app.Instances)
	for _, i := range s.list() {
		i.begin()
	}
	return s
}

// takeOver makes the instances of an earlier service this one's, and reloads those that run.
func (s *service) takeOver(before *service) {
	ctx := s.runtime.Context()
	if before.take(ctx) != nil {
		return
	}
	defer before.release()
	if s.take(ctx) != nil {
		return
	}
	defer s.release()
	s.mu.Lock()
	s.instances = before.list()
	s.mu.Unlock()
	for _, i := range s.list() {
		i.adopt(s)
	}
	var running []*instance
	for _, i := range s.list() {
		if i.isUp() {
			running = append(running, i)
		}
	}
	err := s.reload(ctx, running)
	if err == nil {
		err = s.scale(ctx, s.app.Instances)
	}
	if err != nil {
		s.say(libwebsocketd.LevelError, "not reloaded: "+err.Error())
	}
}

// Retire stops the instances of a program that is served no more.
func (s *service) Retire() {
	m := s.manager
	m.mu.Lock()
	gone := m.services[s.name] == s
	if gone {
		delete(m.services, s.name)
	}
	m.mu.Unlock()
	if gone {
		s.runtime.Go(func() {
			s.stop(context.Background(), s.list())
			m.stir()
		})
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

// take waits for the turn of an operation.
func (s *service) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return failed("another operation on %s has not ended yet", s.name)
	}
}

func (s *service) release() { <-s.turn }

// list returns the instances.
func (s *service) list() []*instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.instances)
}

func (s *service) infos() []Info {
	var all []Info
	for _, i := range s.list() {
		all = append(all, i.info())
	}
	return all
}

// grow adds instances until there are that many, and returns the new ones.
func (s *service) grow(to int) (added []*instance) {
	for {
		s.mu.Lock()
		n := len(s.instances)
		if n >= to {
			s.mu.Unlock()
			return added
		}
		i := s.manager.newInstance(s, n)
		s.instances = append(s.instances, i)
		s.mu.Unlock()
		added = append(added, i)
	}
}

// shrink takes the last instances away until there are that many, and returns them.
func (s *service) shrink(to int) (gone []*instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if to < len(s.instances) {
		gone = slices.Clone(s.instances[to:])
		s.instances = slices.Clone(s.instances[:to])
	}
	return gone
}

// nameOf returns the name of an instance.
func (s *service) nameOf(index int) string {
	if len(s.list()) < 2 {
		return s.name
	}
	return fmt.Sprintf("%s-%d", s.name, index)
}

// say logs what happens to the program.
func (s *service) say(level slog.Level, what string, about ...any) {
	s.runtime.Log().Log(context.Background(), level, what, append(about, libwebsocketd.CategoryKey, category)...)
}
