package session

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/shared"
)

// Session is a program that outlives the connections of its clients. Its methods may be
// called concurrently.
type Session struct {
	ID     string                 // 128 random bits, for URLs. It opens nothing
	Number uint64                 // from 1, for people and programs
	Path   string                 // the URL path of the program
	Owner  libwebsocketd.Identity // who made it
	Began  time.Time

	keys     keys
	hub      *shared.Hub
	start    libwebsocketd.Start // of its process; its Environ is guarded by mu
	program  string              // the path of the program that makes it, which with --dir is not Path
	life     atomic.Pointer[Lifetime]
	registry *Registry
	log      *slog.Logger
	refused  atomic.Pointer[gate.Refusal] // why its process was not started
	kept     atomic.Pointer[kept]         // of a protocol, see Sessions.New
	forAll   atomic.Bool                  // Hooks.Root has given it to clients, whoever they are
	created  bool                         // Hooks.Created has let it be
	gone     chan struct{}                // closed when no client can come back

	mu          sync.Mutex
	attachments []*Attachment // of those that listen, in the order they came
	latest      uint64        // the number of the last attachment
	untold      int           // how many attachments there are for which OnDetach is to be called
	destroyed   bool          // Hooks.Destroyed was called
}

// newSession returns a session that is not in the registry yet.
func (s *supervisor) newSession(call *libwebsocketd.Attach, p pass) *Session {
	x := &Session{ID: p.id, Path: call.Target.ScriptName, Owner: call.Identity, Began: time.Now(),
		program: s.runtime.Program().Path, registry: s.registry, gone: make(chan struct{})}
	x.life.Store(&s.life)
	x.keys.add(p.secret)
	return x
}

// ProgramPath returns the Path of the program that makes the session, which with Config.Dir is
// not that of the session.
func (x *Session) ProgramPath() string { return x.program }

// End ends the session: its process by the ladder, with everything that belongs to it. Its
// clients are sent how the process ended. End does not wait for that; see Done.
func (x *Session) End() {
	x.registry.remove(x)
	x.hub.End()
}

// Done returns a channel that is closed when the process has ended.
func (x *Session) Done() <-chan struct{} { return x.hub.Done() }

// Do calls f in turn with the messages of clients, never during one. It returns when f has
// returned. An error says that f panicked, or that the process had not started yet or had
// ended before. Do must not be called within f, or within Hooks.AfterBatch.
func (x *Session) Do(f func()) error { return x.hub.Do(f) }

// Say sends messages to all clients, numbered as if the process had written them. It waits
// while the process would have to wait with its output.
func (x *Session) Say(batch ...libwebsocketd.Message) error { return x.hub.Say(batch) }

// Send sends messages to the process as a client would.
func (x *Session) Send(batch ...libwebsocketd.Message) error { return x.hub.Send(batch) }

// Attachments returns the clients that listen now, in the order they came.
func (x *Session) Attachments() iter.Seq[*Attachment] {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Values(slices.Clone(x.attachments))
}

// isAttached reports whether a client listens.
func (x *Session) isAttached() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.attachments) > 0
}

// State is what the document about a session says.
type State struct {
	Lifetime    string       `json:"lifetime"` // session
	ID          string       `json:"id"`
	Number      uint64       `json:"number"`
	Program     string       `json:"program"`
	Pid         int          `json:"pid"` // 0 while there is no process
	Began       time.Time    `json:"began"`
	Viewers     int          `json:"viewers"`
	Connections []Connection `json:"connections"` // of the viewers
	First       uint64       `json:"first"`       // the messages that are kept
	Last        uint64       `json:"last"`
	Beginning   *shared.Span `json:"beginning,omitempty"` // what is kept of the beginning besides
	Confirmed   uint64       `json:"confirmed"`           // the last message that some client has confirmed
	Epoch       string       `json:"epoch"`
	Ended       *Ended       `json:"ended"` // nil while the process runs
}

// Connection is a client in the document.
type Connection struct {
	Number uint64    `json:"number"`
	Remote string    `json:"remote"`
	Since  time.Time `json:"since"`
}

// Ended is the end of a process in the document.
type Ended = shared.Ended

// State returns what is known of the session now.
func (x *Session) State() State {
	hub := x.hub.State()
	state := State{Lifetime: Lifetime{}.Name(), ID: x.ID, Number: x.Number, Program: x.Path, Pid: hub.Pid, Began: x.Began,
		Connections: []Connection{}, First: hub.First, Last: hub.Last, Beginning: hub.Beginning, Confirmed: x.hub.Confirmed(), Epoch: hub.Epoch, Ended: hub.Ended}
	for a := range x.Attachments() {
		state.Connections = append(state.Connections, Connection{a.Number, a.Remote, a.Since})
	}
	state.Viewers = len(state.Connections)
	return state
}

// say logs what happens to the session.
func (x *Session) say(level slog.Level, what string, about ...any) {
	x.log.Log(context.Background(), level, what, append(about, libwebsocketd.CategoryKey, "session")...)
}

// environment returns the variables of the process about its session.
func (x *Session) environment() []string {
	return []string{"SESSION_ID=" + x.ID, "SESSION_NUMBER=" + strconv.FormatUint(x.Number, 10)}
}

// isGone reports whether no client can come back to the session.
func (x *Session) isGone() bool {
	select {
	case <-x.gone:
		return true
	default:
		return false
	}
}

// unknown is the refusal of a session that is not there.
var unknown = &gate.Refusal{Status: http.StatusNotFound,
	Reason: "there is no such session: it has ended, or its time without a client is over; session=new makes another one"}
