package libwebsocketd

import (
	"errors"
	"fmt"
	"slices"
)

// given is what a server was told to serve, besides Command and Dir.
type given struct {
	listed  []Program       // Config.Programs, or those of the last Reload
	added   []Program       // by AddProgram
	removed map[string]bool // names of those listed that RemoveProgram has taken away
}

// all returns the programs that are to be served.
func (g *given) all() []Program {
	listed := slices.DeleteFunc(slices.Clone(g.listed), func(p Program) bool { return g.removed[p.Name] })
	return append(listed, g.added...)
}

// Reload replaces Config.Programs, or those of the last Reload: new requests are served
// by programs, and what is running goes on as it is. Processes that were started ahead
// are kept for a program that has not changed, else ended. Everything else of the Config
// stays, and so do what AddProgram has added under another name, and what RemoveProgram has
// done.
//
// The error names the program and field at fault; nothing has changed then. Reload may
// be called at any time, also concurrently; after Shutdown it fails, and once another server goes on
// with the programs (Lift).
func (s *Server) Reload(programs []Program) error {
	return s.serveOther("reload", func(g *given) error {
		g.listed = slices.Clone(programs)
		g.added = slices.DeleteFunc(slices.Clone(g.added), func(p Program) bool { return isListed(programs, p.Name) })
		return nil
	})
}

// AddProgram serves another program, until RemoveProgram or Shutdown. The error names the field
// at fault, or says that the name or the path is taken; nothing has changed then. It may be called
// at any time.
func (s *Server) AddProgram(p Program) error {
	return s.serveOther("add program", func(g *given) error {
		if isListed(g.all(), p.Name) {
			return fmt.Errorf("there is a program %q", p.Name)
		}
		g.added = append(slices.Clone(g.added), p)
		return nil
	})
}

// RemoveProgram serves a program no more, until the next start of the server: Reload does not bring
// it back. What is running goes on as after a Reload. It returns an error if there is no such
// program. It may be called at any time.
func (s *Server) RemoveProgram(name string) error {
	return s.serveOther("remove program", func(g *given) error {
		if !isListed(g.all(), name) {
			return fmt.Errorf("there is no program %q", name)
		}
		removed := map[string]bool{name: true}
		for other := range g.removed {
			removed[other] = true
		}
		g.removed = removed
		g.added = slices.DeleteFunc(slices.Clone(g.added), func(p Program) bool { return p.Name == name })
		return nil
	})
}

func isListed(programs []Program, name string) bool {
	return slices.ContainsFunc(programs, func(p Program) bool { return p.Name == name })
}

// serveOther changes what is served. change may only replace the fields of what it is given.
func (s *Server) serveOther(what string, change func(*given) error) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.handed {
		return errors.New(what + ": a new server goes on with the programs: ask again")
	}
	next := s.given
	if err := change(&next); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	cfg := s.cfg
	cfg.Programs = next.all()
	if len(cfg.Programs) > 0 { // without any, what is left was checked by New
		if err := cfg.complete(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if s.isClosed() {
		return errors.New(what + ": the server is going away")
	}
	if err := s.enableCgroups(&cfg); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.given = next
	s.replace(s.newTable(&cfg, s.routes.Load()))
	return nil
}

// replace publishes next, and retires what is not in it; reloading is held.
func (s *Server) replace(next *routes) {
	old := s.routes.Load()
	s.publish(next)
	kept := next.named()
	for _, p := range old.programs {
		if kept[p.Name] != p {
			p.next.Store(kept[p.Name])
			s.noteRetired(p)
			s.retire(p)
		}
	}
}
