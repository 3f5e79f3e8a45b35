package libwebsocketd

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// served is a Program as a Server serves it: its settings, complete, and what is
// made of them once. None of it is changed; Reload makes another.
type served struct {
	Program
	scripts string // Config.Dir: the URL chooses what runs; else ""
	origins *gate.Origins
	slots   *gate.Slots // of this program, over all reloads
	env     *environment
	hint    stdio.Hint    // of its output's buffer
	pool    *process.Pool // nil without Prefork
	keeper  Keeper        // nil without a Lifetime
}

// table is what is served at one moment.
type table struct {
	programs []*served // the longest path first
	hosts    *gate.Hosts
}

// programs are what a server serves, and what their processes are started with.
type programs struct {
	log      *slog.Logger
	launcher *process.Launcher
	ownsIt   bool // the launcher
	slots    *gate.Slots
	own      *served // what the Config says of itself: Command or Dir, and CGI scripts
	table    atomic.Pointer[table]

	reloading sync.Mutex // held while a table is made and shown, and while pools are closed
}

func newServed(p Program, software string) *served {
	return &served{
		Program: p,
		origins: gate.NewOrigins(p.Origins, p.SameOrigin),
		slots:   gate.NewSlots(p.MaxForks),
		env:     newEnvironment(&p, software),
	}
}

// log is a log for what concerns this program.
func (p *served) log(log *slog.Logger) *slog.Logger {
	if p.Name == "" {
		return log
	}
	return log.With("program", p.Name)
}

// furnishPrograms makes the first table. It comes last in New, because pools
// start processes at once, and look for the table when one of them ends.
func (s *Server) furnishPrograms() error {
	own := s.cfg.own()
	if err := own.complete(); err != nil {
		return err
	}
	s.own = newServed(own, s.cfg.ServerSoftware)
	s.own.scripts = s.cfg.Dir
	s.table.Store(&table{})
	s.own.pool = s.newPool(s.own)
	if len(s.cfg.Command) > 0 || s.cfg.Dir != "" {
		s.keep(s.own)
	}
	s.show(s.newTable(&s.cfg, nil))
	return nil
}

// newTable makes the table of a complete cfg. A program that was there before and
// has not changed is taken over from old, with what was started ahead for it.
func (s *Server) newTable(cfg *Config, old *table) *table {
	t := &table{}
	origins, known := slices.Clone(cfg.Origins), old.named()
	for _, program := range cfg.Programs {
		origins = append(origins, program.Origins...)
		before := known[program.Name]
		if before != nil && reflect.DeepEqual(before.Program, program) {
			t.programs = append(t.programs, before)
			continue
		}
		p := newServed(program, cfg.ServerSoftware)
		if before != nil {
			p.slots = before.slots
			p.slots.SetLimit(program.MaxForks)
		}
		p.pool = s.newPool(p)
		s.keep(p)
		t.programs = append(t.programs, p)
	}
	if len(cfg.Command) > 0 || cfg.Dir != "" {
		t.programs = append(t.programs, s.own)
	}
	slices.SortStableFunc(t.programs, func(a, b *served) int { return cmp.Compare(len(b.Path), len(a.Path)) })
	t.hosts = gate.NewHosts(boundHosts(cfg), cfg.Hosts, origins)
	return t
}

// named are the programs by their names. The one of the Config itself has none.
func (t *table) named() map[string]*served {
	named := map[string]*served{}
	if t != nil {
		for _, p := range t.programs {
			named[p.Name] = p
		}
	}
	return named
}

// show is where t becomes the table. A slot may have been freed while its new
// pools were not to be seen, so they are told.
func (s *programs) show(t *table) {
	s.table.Store(t)
	t.wake()
}

// wake tells every pool that a slot was freed.
func (t *table) wake() {
	for _, p := range t.programs {
		p.pool.Wake()
	}
}

// Reload puts programs in the place of Config.Programs and of those of the last
// Reload: requests that come from now on are served by them, and what is running
// goes on as it is. Processes that were started ahead are kept for a program that
// has not changed, else ended. Everything else of the Config stays.
//
// The error names the program and field at fault, and nothing has changed then.
// Reload may be called at any time, also concurrently; after Shutdown it fails.
func (s *Server) Reload(programs []Program) error {
	cfg := s.cfg
	cfg.Programs = programs
	if err := cfg.complete(); err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	s.reloading.Lock()
	defer s.reloading.Unlock()
	if s.isClosed() {
		return errors.New("reload: the server is going away")
	}
	old := s.table.Load()
	next := s.newTable(&cfg, old)
	s.show(next)
	kept := next.named()
	for _, p := range old.programs {
		if kept[p.Name] != p {
			s.retire(p)
		}
	}
	return nil
}
