package libwebsocketd

import (
	"cmp"
	"log/slog"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/process"
	"websocketd/libwebsocketd/stdio"
)

// program is a Program at run time: its complete settings, and what is made of them
// once. Its settings never change; Reload replaces it.
type program struct {
	Program
	scripts    string // Config.Dir, where the URL chooses what runs; else ""
	origins    *gate.Origins
	hosts      *gate.Hosts // of the server, for what this program answers
	access     *gate.Access
	slots      *gate.Slots // of this program, kept over all reloads
	params     []*regexp.Regexp
	messages   *gate.Buckets // that come by requests; nil without a MessageRate
	env        *environment
	hint       stdio.Hint       // about its output's buffer
	pool       *process.Pool    // nil without Prefork
	supervisor Supervisor       // nil without a Lifetime
	account    *process.Account // who its processes run as; nil: the server's user
	noAccount  error            // why that is not known any more; nothing is started then
	confined   *process.Confinement

	next atomic.Pointer[program] // the one that Reload has put in its place
}

// routes is what is served at one moment.
type routes struct {
	programs []*program // the longest path first
}

// programs holds what a server serves, and what its processes are started with.
type programs struct {
	log      *slog.Logger
	launcher *process.Launcher
	ownsIt   bool // the launcher
	slots    *gate.Slots
	own      *program // the Config's own: Command or Dir, and CGI scripts
	routes   atomic.Pointer[routes]

	reloading sync.Mutex              // held while routes are made and published, and while pools are closed
	given     given                   // guarded by reloading
	handed    bool                    // another server goes on with what is served; guarded by reloading
	counted   map[string]*gate.Slots  // by the names of programs, also of those that were and whose processes go on; guarded by reloading
	retired   []weak.Pointer[program] // that Reload has replaced, and whose Supervisor is an Ender; guarded by reloading

	lending sync.Mutex
	lent    []process.Loan // to a server that goes on with them; guarded by lending
}

// newProgram makes what a checked Program of cfg needs.
func newProgram(p Program, cfg *Config) *program {
	access, _ := cfg.Credentials.Access(p.Auth, p.Allow) // checked
	params, _ := p.Params.compile()                      // checked
	account, noAccount := process.FindAccount(p.User, p.Group)
	return &program{
		Program:   p,
		origins:   gate.NewOrigins(p.Origins, p.SameOrigin),
		hosts:     gate.NewHosts(boundHosts(cfg), cfg.Hosts, slices.Concat(p.Origins, cfg.issuedNames())),
		access:    access,
		slots:     gate.NewSlots(p.MaxForks),
		params:    params,
		messages:  gate.NewBuckets(p.MessageRate),
		env:       newEnvironment(&p, account, cfg),
		account:   account,
		noAccount: noAccount,
		confined:  p.confined(),
	}
}

// log returns a logger for what concerns this program.
func (p *program) log(log *slog.Logger) *slog.Logger {
	if p.Name == "" {
		return log
	}
	return log.With("program", p.Name)
}

// furnishPrograms makes and publishes the first routes. It comes last in New: pools start
// processes at once, and need the routes when one of these ends.
func (s *Server) furnishPrograms() error {
	own := s.cfg.own()
	if err := own.complete(); err != nil {
		return err
	}
	s.own = newProgram(own, &s.cfg)
	s.own.scripts = s.cfg.Dir
	if err := s.enableCgroups(&s.cfg); err != nil {
		return err
	}
	s.routes.Store(&routes{})
	s.own.pool = s.newPool(s.own)
	if len(s.cfg.Command) > 0 || s.cfg.Dir != "" {
		s.startLifetime(s.own)
	}
	s.given.listed = s.cfg.Programs
	s.publish(s.newTable(&s.cfg, nil))
	return nil
}

// newTable returns the routes of a complete cfg. A program that has not changed is taken
// over from old, with what was started ahead for it.
func (s *Server) newTable(cfg *Config, old *routes) *routes {
	t := &routes{}
	known := old.named()
	s.forgetCounts(cfg, known)
	for _, program := range cfg.Programs {
		before := known[program.Name]
		if before != nil && reflect.DeepEqual(before.Program, program) {
			t.programs = append(t.programs, before)
			continue
		}
		p := newProgram(program, cfg)
		p.slots = s.count(p)
		p.pool = s.newPool(p)
		s.startLifetime(p)
		t.programs = append(t.programs, p)
	}
	if len(cfg.Command) > 0 || cfg.Dir != "" {
		t.programs = append(t.programs, s.own)
	}
	slices.SortStableFunc(t.programs, func(a, b *program) int { return cmp.Compare(len(b.Path), len(a.Path)) })
	return t
}

// count returns the slots of the program of p's name. The processes of one that was before are among
// them, also if it was not served meanwhile.
func (s *programs) count(p *program) *gate.Slots {
	slots := s.counted[p.Name]
	if slots == nil {
		if s.counted == nil {
			s.counted = map[string]*gate.Slots{}
		}
		s.counted[p.Name] = p.slots
		return p.slots
	}
	slots.SetLimit(p.MaxForks)
	return slots
}

// forgetCounts forgets the slots of programs that are no more, and of which nothing runs. One that is
// still served has requests under way, which may take some yet.
func (s *programs) forgetCounts(cfg *Config, served map[string]*program) {
	maps.DeleteFunc(s.counted, func(name string, slots *gate.Slots) bool {
		return served[name] == nil && !isListed(cfg.Programs, name) && slots.InUse() == 0
	})
}

// named returns the programs by their names. The name of the Config's own is "".
func (t *routes) named() map[string]*program {
	named := map[string]*program{}
	if t != nil {
		for _, p := range t.programs {
			named[p.Name] = p
		}
	}
	return named
}

// latest returns the program of p's name as it is served now, or was last.
func (s *programs) latest(p *program) *program {
	for _, now := range s.routes.Load().programs {
		if now.Name == p.Name {
			return now
		}
	}
	for next := p.next.Load(); next != nil; next = p.next.Load() {
		p = next
	}
	return p
}

// publish makes t the routes that requests see. It wakes the pools of t: a slot may have
// been freed before they could be seen.
func (s *programs) publish(t *routes) {
	s.routes.Store(t)
	t.wake()
}

// wake makes every pool look for a free slot again.
func (t *routes) wake() {
	for _, p := range t.programs {
		p.pool.Wake()
	}
}
