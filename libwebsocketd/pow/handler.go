package pow

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
	"websocketd/libwebsocketd/session"
	"websocketd/libwebsocketd/stdio"
	"websocketd/libwebsocketd/ws"
)

// Protocol is the subprotocol of pow-1.
const Protocol = "pow-1"

// The least of Options, and what is meant without them; of DefaultHistory only the latter.
const (
	DefaultExpiry  = time.Minute
	DefaultLines   = 1000
	DefaultHistory = 1 << 20
)

// Options say what a Handler serves, and where.
type Options struct {
	// Base is the URL path below which pow-1 is spoken; it begins and ends with a slash. "" is
	// DefaultBase.
	Base string

	// Funcs are functions that clients call like programs, by name. They win over programs
	// with the same name.
	Funcs map[string]Func

	// Sessions counts the calls over HTTP; nil is one of its own without a limit.
	Sessions *session.Registry

	// Expiry is how long a call over HTTP is kept after the last request about it. Lines is how
	// many lines of its output are kept, and History how many bytes.
	Expiry  time.Duration
	Lines   int
	History int

	// Choose, if it is not nil, is asked about every call of a function; its error makes the
	// call rejected, with that for a reason. The request is that of the handshake, or of REST's
	// new. It may be called by any number of goroutines at once.
	Choose func(req *libwebsocketd.Request, c Call) error
}

// Handler serves pow-1: the programs of a server by their names, and functions. It is a
// Dialect, for libwebsocketd.Config.Dialects, and has the REST API, for its Mounts.
type Handler struct {
	o         Options
	calls     *calls // over HTTP
	documents *documents
}

var _ libwebsocketd.NamesPrograms = (*Handler)(nil)

// New returns a Handler, for one Server. It fails if Base cannot be one.
func New(o Options) (*Handler, error) {
	if o.Base == "" {
		o.Base = DefaultBase
	}
	if err := CheckBase(o.Base); err != nil {
		return nil, fmt.Errorf("Options.Base = %q: %w", o.Base, err)
	}
	if o.Sessions == nil {
		o.Sessions = session.NewRegistry(0)
	}
	if o.History <= 0 {
		o.History = DefaultHistory
	}
	o.Expiry, o.Lines = max(o.Expiry, DefaultExpiry), max(o.Lines, DefaultLines)
	return &Handler{o: o, calls: newCalls(o.Sessions, o.Expiry), documents: newDocuments(o.Base)}, nil
}

// Options returns the Options, complete.
func (h *Handler) Options() Options { return h.o }

// NamesPrograms says that a call names its program.
func (h *Handler) NamesPrograms() {}

// Speaks reports whether a handshake is below the base, or at the base without its last slash
// and offers pow-1.
func (h *Handler) Speaks(r *http.Request, _ *libwebsocketd.Program) bool {
	return strings.HasPrefix(r.URL.Path, h.o.Base) || r.URL.Path+"/" == h.o.Base && offers(r)
}

func offers(r *http.Request) bool { return slices.Contains(libwebsocketd.Subprotocols(r), Protocol) }

// Accept accepts clients that offer pow-1.
func (h *Handler) Accept(req *libwebsocketd.Request) (libwebsocketd.Acceptance, *gate.Refusal) {
	if !offers(req.HTTP) {
		return libwebsocketd.Acceptance{}, &gate.Refusal{Status: http.StatusForbidden, Reason: "client does not support required pow-1 subprotocol"}
	}
	return libwebsocketd.Acceptance{Protocol: Protocol}, nil
}

// Serve holds one call: it waits for it, starts the process, and bridges.
func (h *Handler) Serve(req *libwebsocketd.Request, client *ws.Endpoint) {
	o := &opening{req: req, client: client, pieces: pieces{account: accountOf(req)}}
	defer o.free()
	c, result := o.await()
	var at *libwebsocketd.Request
	var x *execution
	if c != nil {
		var failed *failure
		if x, at, failed = h.start(req, *c); failed != nil {
			result = rejected(failed.reason)
		}
	}
	if result != nil {
		o.reject(result)
	}
	if x == nil {
		return
	}
	x.prefix = failedPrefix
	client.Spare(reserve)
	client.Adopt(at.Settings().MessageRate.Throttle(), x.leaving())
	t := &talk{execution: x, client: client, pieces: pieces{account: x.input.account}}
	o.handOver(t)
	req.Converse(at, t, caller{client, t})
}

// failedPrefix comes before the reason for which a process has failed, over WebSocket.
const failedPrefix = "process returned error: "

// failure is why a call was not started.
type failure struct {
	reason  string
	refusal *gate.Refusal // of the server; nil if the call is at fault
}

// chooseFailed begins the reason of a call for which there is no process.
const chooseFailed = "failed to get process: "

// start starts what a call is for, and returns the request as one for its program.
func (h *Handler) start(req *libwebsocketd.Request, c Call) (*execution, *libwebsocketd.Request, *failure) {
	chosen, failed := h.choose(req, c)
	if failed != nil {
		return nil, nil, failed
	}
	x, failed := chosen.start()
	return x, chosen.at, failed
}

// choice is what a call is for.
type choice struct {
	Call
	f  Func                   // nil if it is a program
	at *libwebsocketd.Request // for that
}

// choose returns what a call is for, if the client may call it, and so.
func (h *Handler) choose(req *libwebsocketd.Request, c Call) (*choice, *failure) {
	if f := h.o.Funcs[c.Name]; f != nil {
		if h.o.Choose != nil {
			if err := h.o.Choose(req, c); err != nil {
				return nil, &failure{reason: chooseFailed + err.Error()}
			}
		}
		return &choice{c, f, req}, nil
	}
	at, refusal := req.Named(c.Name)
	switch {
	case refusal == nil:
	case refusal.Status == http.StatusNotFound:
		return nil, &failure{reason: chooseFailed + "unknown process"}
	case refusal.Status == http.StatusUnauthorized, refusal.Status == http.StatusForbidden:
		return nil, &failure{chooseFailed + "authorization denied: " + refusal.Reason, refusal}
	default:
		return nil, &failure{chooseFailed + refusal.Reason, refusal}
	}
	if err := at.CheckParams(c.Params); err != nil {
		return nil, &failure{reason: chooseFailed + "invalid args: " + err.Error()}
	}
	return &choice{c, nil, at}, nil
}

// start starts it.
func (c *choice) start() (*execution, *failure) {
	if c.f == nil {
		return launch(c.at, c.Params)
	}
	logging.At(c.at.Log(), logging.LevelAccess, "pow", "CALL", "name", c.Name)
	x := newFunctionExecution(startFunction(c.f, c.at, c.Params, c.at.Log()))
	x.input.account = accountOf(c.at)
	return x, nil
}

// accountOf returns what accounts for the input of a call.
func accountOf(req *libwebsocketd.Request) func() memory {
	return func() memory { return req.Memory(func() {}) } // nothing is expected of its client
}

// launch starts a process of a program.
func launch(at *libwebsocketd.Request, params []string) (*execution, *failure) {
	own, refusal := at.StartProcess(params, stdio.FramingRaw)
	switch {
	case refusal == nil:
	case refusal.Status == http.StatusTooManyRequests:
		return nil, &failure{reason: "too many processes", refusal: refusal}
	default:
		return nil, &failure{reason: "failed to create new process: " + refusal.Reason, refusal: refusal}
	}
	logging.At(at.Log(), logging.LevelAccess, "pow", "CALL")
	x := newProcessExecution(at, own)
	for _, m := range at.Preamble() {
		x.input.put(m.Data)
	}
	return x, nil
}

// newProcessExecution returns an execution of the process of a call that is for its program.
func newProcessExecution(at *libwebsocketd.Request, own *stdio.Endpoint) *execution {
	p := at.Program()
	x := newExecution(own, p.CloseDelay)
	x.input.account = accountOf(at)
	x.tagged = p.Stderr == libwebsocketd.StderrTag
	if p.Result == libwebsocketd.ResultLastLineJSON {
		x.last = &lastLine{most: p.MaxLine}
	}
	return x
}
